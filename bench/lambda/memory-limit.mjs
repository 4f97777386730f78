import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A memory control group of its own for a process, where this machine lets us make one: the kernel then ends the process
 * when it takes more than `bytes`, as it does in Lambda. Version 1 and 2 of the interface.
 *
 * @returns {{ wrap: (command: string, args: string[]) => [string, string[]], peakBytes: () => number | null,
 *   release: () => void } | { unavailable: string }}
 */
export function createMemoryLimit(bytes) {
  let folder;
  try {
    folder = makeGroup();
    const v2 = existsSync(path.join(folder, 'memory.max'));
    writeFileSync(path.join(folder, v2 ? 'memory.max' : 'memory.limit_in_bytes'), `${bytes}`);
    const peakFile = path.join(folder, v2 ? 'memory.peak' : 'memory.max_usage_in_bytes');
    return {
      // The shell joins the group, then becomes the command.
      wrap: (command, args) => [
        'sh',
        ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', folder, command, ...args],
      ],
      peakBytes: () => (existsSync(peakFile) ? Number(readFileSync(peakFile, 'utf8')) : null),
      release: () => rmdirSync(folder),
    };
  } catch (error) {
    if (folder !== undefined) rmdirSync(folder);
    return { unavailable: `no memory control group can be made here (${error.code ?? error.message})` };
  }
}

/** A group inside this process's own, so that limits above still hold. */
function makeGroup() {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n');
  const v1 = lines.find((line) => line.split(':')[1].split(',').includes('memory'));
  const own = (v1 ?? lines.find((line) => line.startsWith('0::'))).split(':').slice(2).join(':');
  const root = v1 === undefined ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  const folder = path.join(root, own, `touchstone-bench-${process.pid}-${Date.now()}`);
  mkdirSync(folder);
  if (v1 === undefined && !existsSync(path.join(folder, 'memory.max'))) {
    rmdirSync(folder);
    throw new Error('the memory controller is not delegated');
  }
  return folder;
}
