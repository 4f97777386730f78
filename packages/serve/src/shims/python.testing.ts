import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderShim, shimFile, SHIMS } from './render.js';

/** `TOUCHSTONE_PYTHON` names another one, such as that of a virtual environment in which trainers are installed. */
const PYTHON = process.env['TOUCHSTONE_PYTHON'] ?? 'python3';

/** Why there is no Python to test with; undefined when there is. */
export const noPython: string | undefined =
  spawnSync(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0
    ? undefined
    : `skipped: ${PYTHON} is not Python 3.9 or later`;

export interface PythonFolder {
  /**
   * Runs a script with every shim importable, and `stand_ins` beside them.
   *
   * @returns what it printed last, read as JSON.
   * @throws when it fails, with what it wrote to standard error.
   */
  run(script: string, env?: Record<string, string>): Promise<unknown>;
  remove(): void;
}

/** A folder with every shim as `touchstone reward shim` writes it. */
export async function pythonFolder(): Promise<PythonFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-shims-'));
  for (const name of SHIMS) writeFileSync(join(folder, shimFile(name)), await renderShim(name));
  const standIns = fileURLToPath(new URL('.', import.meta.url));
  const { TOUCHSTONE_REWARD_URL: _, TOUCHSTONE_REWARD_KEY: __, ...inherited } = process.env;
  return {
    run: (script, env = {}) =>
      new Promise((resolve, reject) => {
        const options = {
          cwd: folder,
          maxBuffer: 2 ** 26,
          env: {
            ...inherited,
            PYTHONPATH: [folder, standIns].join(delimiter),
            PYTHONDONTWRITEBYTECODE: '1',
            ...env,
          },
        };
        execFile(PYTHON, ['-c', script], options, (error, stdout, stderr) => {
          if (error !== null) reject(new Error(stderr || error.message));
          else resolve(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
        });
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
