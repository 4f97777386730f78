import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  goodIsUseful,
  REDIS,
  startProvider,
  startRedis,
  type ProviderServer,
  type RedisServer,
} from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runCli } from '../../program.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-fleet-'));
const out = join(folder, 'out');
/** Stands in touchstone.yaml for the provider's address, which pods could not reach: the test puts the simulator's there. */
const ADDRESS = 'https://judge.example/v1';
const SECRETS: Record<string, string> = {
  TOUCHSTONE_REWARD_KEY: 'server-key',
  MY_KEY: 'judge-key',
  REDIS_PASSWORD: 'abc123',
};
let provider: ProviderServer;
let redis: RedisServer | undefined;
/** The keys that calls to the judge carried. */
const keys = new Set<string | undefined>();

async function cli(...args: string[]) {
  const got = { out: '', err: '' };
  const sink = (key: 'out' | 'err') => ({ write: (text: string) => void (got[key] += text) });
  const code = await runCli(['reward', 'bundle', ...args], { out: sink('out'), err: sink('err'), env: {} });
  return { code, ...got };
}
const KUBERNETES = ['--for', 'kubernetes', '--image', 'ghcr.io/me/reward'];

beforeAll(async () => {
  provider = await startProvider({
    respond: goodIsUseful,
    fate({ asked }) {
      keys.add(asked.authorization);
      return { kind: 'reply' };
    },
  });
  redis = REDIS ? await startRedis('--requirepass', SECRETS['REDIS_PASSWORD']!) : undefined;
  for (const name of ['code', 'schemas']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'schemas/answer.json'), '{"type":"object"}');
  writeFileSync(
    join(folder, 'code/words.ts'),
    'export const words = (text: string): number => text.split(" ").length;',
  );
  writeFileSync(
    join(folder, 'code/check.ts'),
    'import { words } from "./words.ts"; export default ({ response }: { response: string }) => (words(response) === 1 ? 1 : 0);',
  );
  const task = (i: number) => ({ id: `t${i}`, messages: [{ role: 'user', content: 'q '.repeat(4000) }] });
  writeFileSync(
    join(folder, 'train.jsonl'),
    Array.from({ length: 8 }, (_, i) => JSON.stringify(task(i))).join('\n'),
  );
  writeFileSync(join(folder, '.env'), 'MY_KEY=hunter2');
  writeFileSync(
    join(folder, 'touchstone.yaml'),
    `name: Contract review
data: { train: train.jsonl }
judge:
  model: openai-compatible:simulator
  base_url: ${ADDRESS}
  api_key_env: MY_KEY
  requests_per_minute: 1200
  concurrency: 64
  cache: { redis_env: REDIS_URL }
  structured_output: prompt
  objective: Judge it.
  criteria: [{ name: Useful, question: Is it useful? }]
reward:
  judge_weight: 0.5
  checks:
    - { type: json-schema, schema: ./schemas/answer.json, gate: true }
    - { type: code, module: code/check.ts, weight: 0.5 }
`,
  );
  const { code, err } = await cli(folder, ...KUBERNETES, '--out', out);
  if (code !== 0) throw new Error(err);
}, 120_000);
afterAll(async () => {
  await provider.goDown();
  await redis?.kill();
  chmodTree(folder, 'u+w');
  rmSync(folder, { recursive: true });
});

const chmodTree = (path: string, mode: string): void => void spawnSync('chmod', ['-R', mode, path]);

/** What of the Dockerfile decides what is in the image and how it starts. */
function dockerfile() {
  const lines = readFileSync(join(out, 'image/Dockerfile'), 'utf8')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  const valueOf = (word: string): string =>
    lines.find((line) => line.startsWith(`${word} `))!.slice(word.length + 1);
  return {
    words: lines.map((line) => line.split(' ')[0]),
    copy: valueOf('COPY').split(' ') as [from: string, to: string],
    workdir: valueOf('WORKDIR'),
    user: valueOf('USER').split(':').map(Number) as [uid: number, gid: number],
    entrypoint: JSON.parse(valueOf('ENTRYPOINT')) as string[],
  };
}

/** Does what COPY says in a folder of its own, which nobody may write to. @returns the image's WORKDIR. */
function image(): string {
  const { copy } = dockerfile();
  const at = join(mkdtempSync(join(folder, 'image-')), copy[1]);
  cpSync(join(out, 'image', copy[0]), at, { recursive: true });
  const config = join(at, 'touchstone.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace(ADDRESS, provider.url));
  chmodTree(at, 'a-w,a+rX');
  return at;
}

/** The environment that the Deployment gives, with the Secret's values, and its arguments. */
function container() {
  const [, deployment] = parseAllDocuments(readFileSync(join(out, 'kubernetes/server.yaml'), 'utf8'));
  const { env, args, ...probes } = (
    deployment!.toJS() as { spec: { template: { spec: { containers: Container[] } } } }
  ).spec.template.spec.containers[0]!;
  const values: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    values[name] =
      value?.replaceAll(/\$\((\w+)\)/g, (_, other: string) => values[other]!) ??
      SECRETS[valueFrom!.secretKeyRef.key]!;
  }
  return { env: values, args, probes };
}
interface Container {
  args: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { key: string } } }[];
  readinessProbe: { httpGet: { path: string } };
  livenessProbe: { httpGet: { path: string } };
  startupProbe: { httpGet: { path: string } };
}

/**
 * A root of its own, of which nothing can be written: the image's WORKDIR, Node where the base image has it, and the libraries
 * that Node is linked to. Then the entry point as that user.
 */
const CONTAINER = `set -e
root=$1 app=$2 workdir=$3 node=$4 program=$5 uid=$6 gid=$7
shift 7
mount -t tmpfs tmpfs "$root"
mkdir -p "$root$workdir" "$root$(dirname "$program")" "$root/proc" "$root/dev" "$root/usr/lib"
touch "$root$program"
mount --bind "$node" "$root$program"
mount --bind "$app" "$root$workdir"
mount -o remount,bind,ro "$root$workdir"
for path in /lib /lib64; do
  if [ -L $path ]; then cp -P $path "$root$path"; elif [ -d $path ]; then mkdir "$root$path"; mount --bind $path "$root$path"; fi
done
if [ -d /usr/lib64 ]; then mkdir "$root/usr/lib64"; mount --bind /usr/lib64 "$root/usr/lib64"; fi
mount --bind /usr/lib "$root/usr/lib"
mount --bind /dev "$root/dev"
mount --bind /proc "$root/proc"
mount -o remount,ro "$root"
exec unshare --root="$root" --wd="$workdir" --setgid="$gid" --setuid="$uid" "$program" "$@"`;
const WHY = ' (only the paths are: this machine lets nobody mount)';
const CAN_MOUNT =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

/** Starts the image as Kubernetes would. */
async function start(at: string, args: string[], env: Record<string, string>) {
  const { entrypoint, user, workdir } = dockerfile();
  const [program, ...rest] = entrypoint;
  const root = mkdtempSync(join(folder, 'root-'));
  const ids = user.map(String);
  const command = CAN_MOUNT
    ? [
        'unshare',
        '--mount',
        'sh',
        '-c',
        CONTAINER,
        'sh',
        root,
        at,
        workdir,
        process.execPath,
        program!,
        ...ids,
      ]
    : [process.execPath];
  const child = spawn(command[0]!, [...command.slice(1), ...rest, ...args], {
    cwd: at,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (data) => (log += String(data)));
  const [line] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`it ended with ${String(code)}: ${log}`);
    }),
  ])) as [Buffer];
  const port = /:(\d+);/.exec(String(line))![1]!;
  return { child, url: `http://127.0.0.1:${port}`, log: () => log };
}

const ended = async (child: ChildProcess): Promise<number> => {
  const [code] = (await once(child, 'exit')) as [number];
  return code;
};

describe('reward bundle --for kubernetes', () => {
  it('writes an image of the server and what the configuration names, and nothing else', () => {
    const { words, copy, entrypoint } = dockerfile();
    expect(words).toEqual(['ARG', 'FROM', 'ENV', 'WORKDIR', 'COPY', 'USER', 'EXPOSE', 'ENTRYPOINT', 'CMD']);
    const files = readdirSync(join(out, 'image', copy[0]), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(out, 'image', copy[0]).length + 1));
    expect(files.sort()).toEqual([
      'bin/touchstone.mjs',
      'code/check.ts',
      'package.json',
      'schemas/answer.json',
      'touchstone.yaml',
    ]);
    expect(readFileSync(join(out, 'image/.dockerignore'), 'utf8')).toBe(`*\n!${copy[0]}\n`);
    // In the exec form, or a shell would be process 1 and keep the signal to itself.
    expect(entrypoint).toEqual(['/nodejs/bin/node', 'bin/touchstone.mjs', 'reward', 'serve', '.']);
    expect(files.map((name) => readFileSync(join(out, 'image/app', name), 'utf8')).join()).not.toContain(
      'hunter2',
    );
  });

  it(`makes an image that scores as a user without rights on a root it cannot write, and ends on SIGTERM${CAN_MOUNT ? '' : WHY}`, async () => {
    const at = image();
    const { env, args, probes } = container();
    const withRedis = redis
      ? { REDIS_URL: env['REDIS_URL']!.replace(/@.*/, `@${new URL(redis.url).host}`) }
      : {};
    expect(env['REDIS_URL']).toBe('redis://:abc123@reward-contract-review-redis:6379');
    const changed = args.map((one, i) =>
      args[i - 1] === '--port' ? '0' : args[i - 1] === '--drain-wait' ? '1' : one,
    );
    const server = await start(at, changed, { ...env, ...withRedis });
    try {
      if (CAN_MOUNT) {
        const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
        expect(status).toMatch(/^Uid:\t65532\t65532/m);
        expect(status).toMatch(/^CapEff:\t0{16}$/m);
        const mounts = readFileSync(`/proc/${server.child.pid}/mountinfo`, 'utf8').split('\n');
        for (const place of ['/', dockerfile().workdir]) {
          expect(mounts.find((line) => line.split(' ')[4] === place)!.split(' ')[5], place).toMatch(/^ro,/);
        }
      }
      const get = async (path: string, key?: string) =>
        fetch(
          `${server.url}${path}`,
          key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
        );
      for (const { httpGet } of [probes.readinessProbe, probes.livenessProbe, probes.startupProbe]) {
        expect((await get(httpGet.path)).status, httpGet.path).toBe(200);
      }
      // What the autoscaler scales on is there before anybody asks for a score.
      expect((await get('/metrics')).status).toBe(401);
      const metric = /metric: \{ name: (\w+) \}/.exec(
        readFileSync(join(out, 'kubernetes/autoscaler.yaml'), 'utf8'),
      )![1]!;
      const series = `${metric}{http_route="/v1/rewards",http_request_method="POST"}`;
      expect(await (await get('/metrics', 'server-key')).text()).toContain(`\n${series} 0`);

      const score = async (response: string) => {
        const rollouts = [{ messages: [{ role: 'user', content: 'q' }], response }];
        const answered = await fetch(`${server.url}/v1/rewards`, {
          method: 'POST',
          headers: { authorization: 'Bearer server-key', 'content-type': 'application/json' },
          body: JSON.stringify({ rollouts }),
        });
        return ((await answered.json()) as { rewards: { score: number | null; detail?: string }[] })
          .rewards[0]!.score;
      };
      expect(await score('{"q":"good"}'), server.log()).toBe(1);
      expect(await score('{"q": "bad"}')).toBe(0);
      expect([...keys]).toEqual(['Bearer judge-key']);
      const asked = provider.provider.ledger.counts.calls;

      server.child.kill('SIGTERM');
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect((await get(probes.readinessProbe.httpGet.path)).status).toBe(503);
      expect(await ended(server.child), server.log()).toBe(0);
      if (redis) {
        // Another server finds the reply that the first one paid for.
        const second = await start(at, changed, { ...env, ...withRedis });
        server.url = second.url;
        expect(await score('{"q":"good"}'), second.log()).toBe(1);
        expect(provider.provider.ledger.counts.calls).toBe(asked);
        second.child.kill('SIGKILL');
      }
    } finally {
      server.child.kill('SIGKILL');
    }
  }, 120_000);

  it('says how many servers there are, why, and what it is computed from', async () => {
    const made = await cli(
      folder,
      ...KUBERNETES,
      '--out',
      out,
      '--json',
      '--answers',
      '512',
      '--judge-seconds',
      '4,4',
    );
    const { sha256, plan, demand } = JSON.parse(made.out) as {
      sha256: string;
      plan: object;
      demand: { lanes: { tokens: number }[] };
    };
    const deployment = readFileSync(join(out, 'kubernetes/server.yaml'), 'utf8');
    expect(deployment).toContain(`image: ghcr.io/me/reward:${sha256.slice(0, 16)}\n`);
    expect(plan).toMatchObject({ replicas: 2, bottleneck: 'requests_per_minute', answersPerSecond: 20 });
    expect(demand).toMatchObject({
      answers: 512,
      lanes: [{ calls: 1, tokens: expect.any(Number) as number }],
    });
    // 8,000 letters of the task, at four a token, and as many as the answer and the reply may have.
    expect(demand.lanes[0]!.tokens).toBeGreaterThan(2000);
  });

  it('refuses what would go into the image unasked, an address of the pod itself, and an image without a name', async () => {
    writeFileSync(join(out, 'image/app/.env'), 'x');
    expect(await cli(folder, ...KUBERNETES, '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/image\/app\/\.env is not of this bundle/) as string,
    });
    rmSync(join(out, 'image/app/.env'));
    expect(await cli(folder, '--for', 'kubernetes', '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--image: expected') as string,
    });
    expect(await cli(folder, '--image', 'x/y', '--answers', '5', '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--answers changes nothing with --for lambda.*\n.*--image/) as string,
    });
    for (const wrong of ['ghcr.io/me/reward:1', 'Me/reward', '-x'])
      expect((await cli(folder, '--for', 'kubernetes', '--image', wrong, '--out', out)).code).toBe(2);
  });
});
