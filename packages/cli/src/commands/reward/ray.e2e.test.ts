import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { goodIsUseful, REDIS, startProvider, startRedis } from '@touchstone/testing';
import { afterAll, expect, it } from 'vitest';
import { runCli } from '../../program.js';

const PYTHON = process.env['TOUCHSTONE_PYTHON'];
const FIND = 'import importlib.util as u; exit(not all(map(u.find_spec, ["ray", "fastapi", "aiohttp"])))';
const reason =
  PYTHON === undefined
    ? 'TOUCHSTONE_PYTHON does not name a Python in which ray[serve] is installed'
    : spawnSync(PYTHON, ['-c', FIND]).status !== 0
      ? `${PYTHON} lacks ray[serve]`
      : REDIS === undefined
        ? 'neither redis-server nor valkey-server is installed'
        : '';

/** A cluster of this machine's own, gone with its process; the application as `serve run` has it. */
const CLUSTER = `
import sys
import ray
from ray import serve
ray.init(address="local", include_dashboard=False, num_cpus=4, runtime_env={"working_dir": "."})
serve.start(http_options={"port": int(sys.argv[1])})
import serve_reward
serve.run(serve_reward.app)
print("ready", flush=True)
sys.stdin.read()
serve.shutdown()
ray.shutdown()
`;

const folder = mkdtempSync(join(tmpdir(), 'touchstone-ray-'));
/** For Ray's sockets, whose paths may have 107 letters. */
const short = mkdtempSync('/tmp/ray-');
afterAll(() => [folder, short].forEach((path) => rmSync(path, { recursive: true })));

it.skipIf(reason !== '')(
  `reward bundle --for ray runs on a real Ray cluster, and a server that dies is replaced${reason && ` (skipped: ${reason})`}`,
  async () => {
    const provider = await startProvider({ respond: goodIsUseful });
    const redis = await startRedis();
    const config = (url: string): string => `name: On Ray
judge:
  model: openai-compatible:simulator
  base_url: ${url}
  structured_output: prompt
  concurrency: 64
  cache: { redis_env: REDIS_URL }
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
`;
    writeFileSync(join(folder, 'touchstone.yaml'), config(provider.url));
    const got = { out: '', err: '' };
    const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
    const args = ['reward', 'bundle', folder, '--for', 'ray', '--out', join(folder, 'out'), '--json'];
    expect(await runCli(args, { out: sink('out'), err: sink('err'), env: {} }), got.err).toBe(0);
    expect(JSON.parse(got.out)).toMatchObject({ plan: { replicas: 2 } });
    expect(readFileSync(join(folder, 'out/serve_reward.py'), 'utf8')).not.toMatch(/__[A-Z]{2,}__/);

    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const cluster = spawn(PYTHON!, ['-c', CLUSTER, `${port}`], {
      cwd: join(folder, 'out'),
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
        RAY_TMPDIR: short,
        // Instead of 30 s, for a machine whose cores are busy.
        RAY_raylet_start_wait_time_s: '180',
        RAY_USAGE_STATS_ENABLED: '0',
        TOUCHSTONE_REWARD_KEY: 'server-key',
        REDIS_URL: redis.url,
        // So that the processes of this test are known among those of others.
        TOUCHSTONE_TEST: folder,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [cluster.stdout, cluster.stderr]) stream.on('data', (data) => (log += String(data)));
    const ended = once(cluster, 'exit');
    try {
      while (!/^ready$/m.test(log)) {
        if (cluster.exitCode !== null) throw new Error(log);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const score = async (response: string, key = 'server-key'): Promise<unknown> => {
        const answered = await fetch(`http://127.0.0.1:${port}/v1/rewards?deadline_ms=20000`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify({ rollouts: [{ messages: [{ role: 'user', content: 'q' }], response }] }),
        });
        const body = (await answered.json()) as { rewards?: { score: number | null }[] };
        return body.rewards?.[0]!.score ?? answered.status;
      };
      expect(await score('good', 'another'), log).toBe(401);
      expect([await score('good'), await score('bad')], log).toEqual([1, 0]);
      const many = await Promise.all(Array.from({ length: 40 }, (_, i) => score(`good ${i}`)));
      expect(many.every((one) => one === 1)).toBe(true);

      const servers = serversOf(folder);
      expect(servers).toHaveLength(2);
      process.kill(servers[0]!, 'SIGKILL');
      // Serve looks every 10 s, and starts another one in its place.
      const isReplaced = (): boolean =>
        serversOf(folder).filter((pid) => !servers.includes(pid)).length === 1 &&
        serversOf(folder).length === 2;
      for (let i = 0; i < 300 && !isReplaced(); i++) await new Promise((resolve) => setTimeout(resolve, 200));
      expect(isReplaced(), log).toBe(true);
    } finally {
      cluster.stdin.end();
      const late = setTimeout(() => cluster.kill('SIGKILL'), 60_000);
      await ended;
      clearTimeout(late);
      await provider.goDown();
      await redis.kill();
    }
    expect(serversOf(folder)).toEqual([]);
  },
  480_000,
);

/** Process ids of the servers that this test's cluster has started. */
function serversOf(mark: string): number[] {
  const { stdout } = spawnSync('pgrep', ['-f', 'touchstone.mjs reward serve . --port 0'], {
    encoding: 'utf8',
  });
  return stdout
    .split('\n')
    .filter((pid) => {
      try {
        return pid !== '' && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TOUCHSTONE_TEST=${mark}`);
      } catch {
        return false; // It has ended since.
      }
    })
    .map(Number);
}
