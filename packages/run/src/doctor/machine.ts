import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TouchstoneError } from '@touchstone/spec';
import { failed, ok, type Finding } from './finding.js';

const OLDEST_NODE = [20, 19] as const;

/** Whether this machine can run Touchstone. */
export async function examineMachine(): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    await examine('SQLite', sqlite),
    await examine('ONNX Runtime', onnxRuntime),
  ];
}

async function examine(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return ok(what, await look());
  } catch (error) {
    const hint = TouchstoneError.is(error)
      ? ''
      : ' (run npm ci again; the packages for this platform may be missing)';
    return failed(what, `${error instanceof Error ? error.message : String(error)}${hint}`);
  }
}

function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isRecent = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isRecent
    ? ok('Node', version)
    : failed('Node', `${version}; expected ${OLDEST_NODE.join('.')} or later`);
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
  const { DifferentiableGraph, runGraph } = await import('@touchstone/engine');
  const graph = new DifferentiableGraph();
  const { three } = await runGraph(graph, { three: graph.add(graph.scalar(1), graph.scalar(2)) }, {});
  if (three?.[0] !== 3) throw new Error(`says that 1 + 2 is ${three?.[0]}`);
  return 'computes';
}
