import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A Python in which OpenRLHF is installed with all that it asks for but vLLM and flash-attn, which need a GPU. */
export const PYTHON = process.env['TOUCHSTONE_OPENRLHF_PYTHON'];

/** The reason that tests with OpenRLHF are skipped for, if they are; else an empty text. */
export function missingOpenRlhf(): string {
  if (PYTHON === undefined)
    return 'TOUCHSTONE_OPENRLHF_PYTHON does not name a Python in which OpenRLHF is installed';
  const find =
    'import importlib.util as u; exit(not all(map(u.find_spec, ["openrlhf", "ray", "deepspeed", "peft", "datasets"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0
    ? ''
    : `${PYTHON} lacks openrlhf or something that it imports`;
}

/** Stand-ins for what needs a GPU, for `PYTHONPATH`. */
export const CPU = fileURLToPath(new URL('../../../launch/src/openrlhf/cpu', import.meta.url));

/** That Python with stand-ins for what needs a GPU, as `training.openrlhf.python` may name it. */
export function pythonWithoutGpu(): { path: string; remove(): void } {
  // Short, which the tests' own folder is not: Ray makes sockets below it, whose paths may have 107 bytes.
  const folder = mkdtempSync('/tmp/ts-openrlhf-');
  const path = join(folder, 'python');
  writeFileSync(
    path,
    `#!/bin/sh
export PYTHONPATH='${CPU}' RAY_TMPDIR='${folder}'
exec '${PYTHON}' '${CPU}/cpu_train.py' "$PWD/$1" \${2+"$2"}
`,
  );
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
