import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  candidateOf,
  goodIsUseful,
  startProvider,
  type Fate,
  type ProviderServer,
} from '@touchstone/testing';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  faultsOf,
  sampleOf,
  startServer,
  WIRES,
  writeConfig,
  type Drill,
  type Entry,
  type Sample,
} from './drill.testing.js';

/*
 * Fault drills against the real command in a process of its own, its judge simulated over real HTTP. In each, every
 * sample gets one valid entry, with its id, and an abstention is said.
 */

/** Of the system, not of npm. */
const REDIS = 'redis-server';
/** They wait for events, not for time; a busy machine may take long. */
const PATIENCE = { timeout: 240_000 };
const root = mkdtempSync(join(tmpdir(), 'touchstone-drill-'));
const children: ChildProcess[] = [];
const simulators: ProviderServer[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const simulator of simulators.splice(0)) await simulator.goDown().catch(() => {});
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const REPLY: Fate = { kind: 'reply' };
const HANG: Fate = { kind: 'hang' };
let drills = 0;
let asked = 0;

async function drill(judge: object = {}) {
  const folder = join(root, `${drills++}`);
  const simulator = await startProvider({ respond: goodIsUseful, sampleOf: candidateOf });
  simulators.push(simulator);
  writeConfig(folder, { base_url: simulator.url, attempts: 3, timeout_seconds: 30, ...judge });
  const start = async (env?: Record<string, string>, args?: string[]): Promise<Drill> => {
    const server = await startServer(folder, env, args);
    children.push(server.child);
    return server;
  };
  return { simulator, judge: simulator.provider, start };
}

/** Asks on one wire for new samples, and checks what comes. */
async function askNew(url: string, wire: string, n = 1, query = ''): Promise<Entry[]> {
  const samples = Array.from({ length: n }, () => sampleOf(asked++));
  return askFor(url, wire, samples, query);
}
async function askFor(url: string, wire: string, samples: Sample[], query = ''): Promise<Entry[]> {
  const entries = await ask(url, WIRES[wire]!, samples, query);
  expect(faultsOf(samples, entries), wire).toEqual([]);
  return entries;
}
/** On every wire at once, several samples where a call takes several. */
async function askEverywhere(url: string, query = ''): Promise<Entry[]> {
  const wires = Object.keys(WIRES);
  const all = await Promise.all(
    wires.map((wire) => askNew(url, wire, ['native', 'nova', 'openrlhf'].includes(wire) ? 4 : 1, query)),
  );
  return all.flat();
}
const abstained = (entries: readonly Entry[]): number => entries.filter((one) => one.abstained).length;
const readiness = async (url: string): Promise<number> => (await fetch(`${url}/ready`)).status;

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('reward serve', PATIENCE, () => {
  it('goes on while its judge is down, says that it is not ready, and recovers', async () => {
    // The fewest with which an outage is noticed before any call has used up its own.
    const { judge, simulator, start } = await drill({ attempts: 4 });
    const { url } = await start();
    expect(abstained(await askEverywhere(url))).toBe(0);
    expect(await readiness(url)).toBe(200);

    // What is being judged when it goes down loses its connection, and has nothing but patience.
    let down = (): void => {};
    const isDown = new Promise<void>((resolve) => (down = resolve));
    judge.fate = () => isDown.then(() => HANG);
    const patient = askEverywhere(url);
    await until(() => judge.ledger.counts.calls > 20);
    await simulator.goDown();
    down();
    judge.fate = () => REPLY;
    // Others have a deadline, and are answered by it.
    const hasty = '?deadline_ms=300';
    await until(async () => {
      const entries = await askEverywhere(url, hasty);
      expect(abstained(entries)).toBe(entries.length);
      return (await readiness(url)) === 503;
    });

    await simulator.comeBack();
    expect(abstained(await patient)).toBe(0);
    await until(async () => abstained(await askEverywhere(url)) === 0 && (await readiness(url)) === 200);
  });

  it('says of every sample that it was not judged when every reply is malformed, and logs no prompt and no key', async () => {
    const { judge, start } = await drill({ api_key_env: 'DRILL_JUDGE_KEY' });
    judge.fate = () => ({ kind: 'malformed' });
    const keys = { DRILL_JUDGE_KEY: 'judge-secret', TOUCHSTONE_REWARD_KEY: '' };
    const { url, log } = await start(keys);
    const entries = await askEverywhere(url);
    expect(abstained(entries)).toBe(entries.length);
    await until(() => log().split('"kind":"request"').length > Object.keys(WIRES).length);

    const lines = log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { kind: string; reason?: string; id?: string; abstained?: number });
    const told = lines.filter(({ kind }) => kind === 'abstained');
    expect(told.map(({ reason }) => reason)).toEqual(entries.map(() => 'unparseable'));
    const requests = lines.filter(({ kind }) => kind === 'request');
    expect(requests).toHaveLength(Object.keys(WIRES).length);
    expect(requests.reduce((sum, one) => sum + one.abstained!, 0)).toBe(entries.length);
    expect(log()).not.toMatch(/judge-secret|good answer|bad answer/);

    const open = await start(keys, ['--log-prompts']);
    await askEverywhere(open.url);
    await until(() => open.log().includes('good answer'));
    expect(open.log()).not.toContain('judge-secret');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(
      /touchstone_rewards_total\{wire="native",status="abstained",reason="unparseable"\} 4/,
    );
  });

  it('asks again for what hangs, every tenth call', async () => {
    const { judge, start } = await drill({ timeout_seconds: 2, attempts: 6 });
    let hung = 0;
    judge.fate = ({ n }) => {
      if (n % 10 !== 0) return REPLY;
      hung++;
      return HANG;
    };
    const { url } = await start();
    const rounds = await Promise.all(Array.from({ length: 5 }, () => askEverywhere(url)));
    expect(hung).toBeGreaterThan(0);
    // None, but on a machine so busy that calls that were answered are late as well.
    expect(abstained(rounds.flat())).toBeLessThan(hung);
  });

  it('answers every request that it has accepted when it is told to end under load', async () => {
    const { judge, start } = await drill();
    let release = (): void => {};
    const held = new Promise<Fate>((resolve) => (release = () => resolve(REPLY)));
    judge.fate = () => held;
    const server = await start();
    const wires = Object.keys(WIRES);
    const pending = Array.from({ length: 70 }, (_, i) => askNew(server.url, wires[i % wires.length]!));
    const accepted = async (): Promise<number> => {
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const counts = [...text.matchAll(/^http_server_active_requests\{[^}]*POST[^}]*\} (\d+)/gm)];
      return counts.reduce((sum, [, n]) => sum + Number(n), 0);
    };
    await until(async () => (await accepted()) === pending.length);
    server.child.kill('SIGTERM');
    await until(() =>
      fetch(`${server.url}/health`).then(
        () => false,
        () => true,
      ),
    );
    release();
    expect(abstained((await Promise.all(pending)).flat())).toBe(0);
    expect(await server.ended).toEqual({ code: 0, signal: null });
  });

  it('pays for no verdict twice that it had answered before it was killed', async () => {
    const { judge, start } = await drill({ cache: { sqlite: 'replies.db' } });
    const samples = Array.from({ length: 30 }, (_, i) => sampleOf(1000 + i));
    const isLate = (sample: Sample): boolean => samples.indexOf(sample) >= 15;
    judge.fate = ({ sample: candidate }) => {
      const sample = samples.find(({ text }) => text === candidate)!;
      return isLate(sample) ? HANG : REPLY;
    };
    const first = await start();
    const early = samples.filter((one) => !isLate(one));
    await Promise.all(early.map((one) => askFor(first.url, 'slime', [one])));
    const lost = samples
      .filter(isLate)
      .map((one) => ask(first.url, WIRES['slime']!, [one]).catch(() => 'lost'));
    await until(() => judge.ledger.counts.calls === samples.length);
    first.child.kill('SIGKILL');
    expect(await Promise.all(lost)).toEqual(samples.filter(isLate).map(() => 'lost'));

    judge.fate = () => REPLY;
    const second = await start();
    const entries = await askFor(second.url, 'native', samples);
    expect(abstained(entries)).toBe(0);
    const paid = [...judge.ledger.samples.values()].map(({ useful }) => useful);
    expect(paid).toEqual(samples.map(() => 1));
  });

  it('goes on without its shared cache when that is gone, and uses it again when it is back', async (context) => {
    const { judge, start } = await drill({ cache: { redis_env: 'DRILL_REDIS' } });
    const port = await freePort();
    const runRedis = (): ChildProcess => {
      const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      const child = spawn(REDIS, args, { stdio: 'ignore' });
      children.push(child);
      return child;
    };
    let redis = runRedis();
    const isThere = await new Promise<boolean>((resolve) => {
      redis.once('error', () => resolve(false)).once('spawn', () => resolve(true));
    });
    if (!isThere) return context.skip('redis-server is not installed');
    const env = { DRILL_REDIS: `redis://127.0.0.1:${port}` };

    /** Asks one server, then another: whether the second one needed the judge. */
    const isShared = async (a: Drill, b: Drill): Promise<boolean> => {
      const samples = [sampleOf(asked++)];
      const [one] = await askFor(a.url, 'native', samples);
      const before = judge.ledger.counts.calls;
      const [other] = await askFor(b.url, 'native', samples);
      expect([one!.abstained, other!.abstained]).toEqual([false, false]);
      return judge.ledger.counts.calls === before;
    };
    const [a, b] = [await start(env), await start(env)];
    await until(() => isShared(a, b));
    redis.kill('SIGKILL');
    await until(async () => !(await isShared(a, b)));
    redis = runRedis();
    await until(() => isShared(a, b));
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
