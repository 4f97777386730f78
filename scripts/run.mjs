import { spawnSync } from 'node:child_process';

/** Runs a command of an install script, whose output is this one's. Where it fails the script has failed. */
export function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
  process.exit(1);
}
