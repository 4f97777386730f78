import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where peers are installed: never among the repository's own dependencies. Kept, so that a second run is quick. */
const FOLDER = path.join(tmpdir(), 'touchstone-bench-peers');

/**
 * Installs npm packages (`name@version`) into a folder of their own.
 * @returns {Promise<{ folder: string } | { skipped: string }>}
 */
export async function installFromNpm(name, packages) {
  const folder = folderOf(name, packages);
  try {
    if (!existsSync(path.join(folder, 'installed'))) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
      const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--no-engine-strict'];
      await run('npm', ['install', ...flags, ...packages], { cwd: folder });
      writeFileSync(path.join(folder, 'installed'), '');
    }
    return { folder };
  } catch (error) {
    return { skipped: reasonOf(error) };
  }
}

/**
 * Makes a virtual environment and installs packages (`name==version`) from PyPI.
 * @returns {Promise<{ python: string } | { skipped: string }>}
 */
export async function installFromPyPI(name, packages) {
  const folder = folderOf(name, packages);
  const python = path.join(folder, 'bin', 'python');
  try {
    if (!existsSync(path.join(folder, 'installed'))) {
      await run('python3', ['-m', 'venv', folder]);
      await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
      writeFileSync(path.join(folder, 'installed'), '');
    }
    return { python };
  } catch (error) {
    return { skipped: reasonOf(error) };
  }
}

/** Another version is another folder. */
function folderOf(name, packages) {
  return path.join(FOLDER, [name, ...packages].join('-').replace(/[^\w.-]+/g, '_'));
}

function reasonOf({ code, stderr, message }) {
  if (code === 'ENOENT') return `${message}: not installed on this machine`;
  const lines = `${stderr ?? ''}`
    .trim()
    .split('\n')
    .filter((line) => /error|ERR/i.test(line));
  return `cannot be installed: ${(lines.at(-1) ?? message).slice(0, 200)}`;
}
