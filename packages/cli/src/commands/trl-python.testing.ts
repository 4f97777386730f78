import { spawnSync } from 'node:child_process';

/** A Python in which TRL is installed, where one is named. */
export const PYTHON = process.env['TOUCHSTONE_PYTHON'];

/** The reason that tests with TRL are skipped for, if they are; else an empty text. */
export function missingTrl(...more: string[]): string {
  if (PYTHON === undefined) return 'TOUCHSTONE_PYTHON does not name a Python in which TRL is installed';
  const needed = ['trl', 'torch', 'datasets', ...more];
  const find = `import importlib.util as u; exit(not all(map(u.find_spec, ${JSON.stringify(needed)})))`;
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks one of ${needed.join(', ')}`;
}
