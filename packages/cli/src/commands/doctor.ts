import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError, TouchstoneError } from '@touchstone/spec';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Io } from '../io.js';
import { renderTable } from '../terminal/table.js';

interface Finding {
  what: string;
  ok: boolean;
  detail: string;
}

const OLDEST_NODE = [20, 19] as const;

/** `touchstone doctor [config]` */
export function registerDoctor(program: Command, io: Io): void {
  program
    .command('doctor')
    .description('check that this machine can run Touchstone, and a configuration if one is named')
    .argument('[config]', 'a touchstone.yaml, or its folder')
    .option('--json', 'print the result as JSON')
    .action(async (config: string | undefined, options: { json?: true }) => {
      const findings = [
        nodeVersion(process.versions.node),
        await examine('SQLite', sqlite),
        await examine('ONNX Runtime', onnxRuntime),
      ];
      if (options.json) io.out.write(`${JSON.stringify({ checks: findings })}\n`);
      else {
        const rows = findings.map(({ what, ok, detail }) => [ok ? 'ok' : 'FAILED', what, detail]);
        io.out.write(renderTable([{ title: '' }, { title: 'check' }, { title: 'found' }], rows));
      }
      const failed = findings.filter(({ ok }) => !ok);
      if (failed.length > 0) {
        throw new RunError(`not ready: ${failed.map(({ what }) => what).join(', ')}`);
      }
      if (config !== undefined) {
        // A wrong configuration is its own message, with a place and exit code 2.
        await loadConfig(config);
        if (!options.json)
          io.out.write(`The configuration ${config} is valid, and the files it names are there.\n`);
      }
    });
}

async function examine(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    const hint = TouchstoneError.is(error)
      ? ''
      : ' (run npm ci again; the packages for this platform may be missing)';
    return { what, ok: false, detail: `${error instanceof Error ? error.message : String(error)}${hint}` };
  }
}

function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return {
    what: 'Node',
    ok,
    detail: ok ? version : `${version}; expected ${OLDEST_NODE.join('.')} or later`,
  };
}

async function sqlite(): Promise<string> {
  const { openRun } = await import('@touchstone/store');
  const folder = await mkdtemp(join(tmpdir(), 'touchstone-doctor-'));
  try {
    openRun(folder).close();
    return 'a database can be written';
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onnxRuntime(): Promise<string> {
  await import('@touchstone/engine');
  return 'loads';
}
