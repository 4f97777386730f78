import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { scoringSchema } from '@touchstone/run';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { assertFleet } from './assert-fleet.js';
import { fleetName, manifestsOf, secretsOf, type Fleet } from './kubernetes.js';
import { fleetSteps } from './next-steps.js';
import { planFleet } from './replicas.js';

const CRITERIA = { objective: 'o', criteria: [{ name: 'A', question: 'q' }] };
const configOf = (judge: object, name = 'Contract review') =>
  scoringSchema.parse({ name, judge: { cache: { redis_env: 'REDIS_URL' }, ...CRITERIA, ...judge } });
const remote = { model: 'openai-compatible:m', base_url: 'https://judge.example/v1', api_key_env: 'MY_KEY' };

function fleetOf(judge: object, more: Partial<Fleet> = {}): Fleet {
  const gathers = more.gathers ?? false;
  const limits = { requestsPerMinute: undefined, tokensPerMinute: undefined };
  const lanes = [{ model: 'openai-compatible:m', calls: 1, tokens: null, ...limits, concurrency: 64 }];
  const latency = { p50: 4, p99: 15 };
  const plan = planFleet({ answers: 5000, lanes, latency, cpuSeconds: 0.01, gathers });
  return { config: configOf(judge), plan, gathers, image: 'ghcr.io/me/reward:abc', ownRedis: true, ...more };
}

type Json = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
/** Every object of the manifests, by kind and name. */
function objectsOf(files: Record<string, string>): Record<string, Json> {
  const all = Object.entries(files)
    .filter(([file]) => !file.endsWith('values.yaml'))
    .flatMap(([, text]) => parseAllDocuments(text).map((one) => one.toJS() as Json));
  return Object.fromEntries(all.map((one) => [`${one['kind']} ${one['metadata'].name}`, one]));
}

/** Fleets that differ in what is written for them. */
const FLEETS: Record<string, Fleet> = {
  remote: fleetOf(remote),
  own: fleetOf(remote, { ownRedis: false }),
  bedrock: fleetOf({ model: 'bedrock:amazon.nova-pro-v1:0' }),
  inside: fleetOf({ model: 'openai-compatible:m', base_url: 'http://vllm.models.svc.cluster.local:8000/v1' }),
  gathers: fleetOf({ ...remote, kind: 'group' }, { gathers: true }),
  checks: { ...fleetOf(remote), config: scoringSchema.parse({ name: 'Checks' }) },
};

describe('the manifests', () => {
  const objects = objectsOf(manifestsOf(FLEETS['remote']!));
  const deployment = objects['Deployment reward-contract-review']!;
  const pod = deployment['spec'].template.spec as Json;

  it('run the server without rights, on a file system that it cannot write, and let it end in its time', () => {
    for (const [kind, name] of [
      ['Deployment', 'reward-contract-review'],
      ['StatefulSet', 'reward-contract-review-redis'],
    ]) {
      const { spec } = objects[`${kind} ${name}`]!['spec'].template as Json;
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(spec.containers[0].resources).toMatchObject({ requests: { cpu: expect.anything() as string } });
    }
    const args = pod['containers'][0].args as string[];
    const seconds = (option: string): number => Number(args[args.indexOf(option) + 1]);
    // Let in 5 s at most, then the wait and the limit, then 2 s for the last replies and one for old connections.
    const longest = seconds('--drain-wait') + 5 + seconds('--drain-limit') + 2 + 1;
    expect(pod['terminationGracePeriodSeconds']).toBeGreaterThanOrEqual(longest + 5);
    // Until a balancer looks away: the probes that fail, and what they take to be heard of.
    const { periodSeconds, failureThreshold } = pod['containers'][0].readinessProbe as Json;
    expect(seconds('--drain-wait')).toBeGreaterThanOrEqual(periodSeconds * failureThreshold + 5);
  });

  it('scale by requests in flight between the computed numbers, and leave the number to the scaler', () => {
    expect(objects['HorizontalPodAutoscaler reward-contract-review']!['spec']).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: 'reward-contract-review' },
      minReplicas: FLEETS['remote']!.plan.replicas,
      maxReplicas: FLEETS['remote']!.plan.maxReplicas,
      metrics: [{ type: 'Pods', pods: { metric: { name: 'http_server_active_requests' } } }],
    });
    expect(FLEETS['remote']!.plan.replicas).toBeGreaterThan(2);
    expect(deployment['spec'].replicas).toBeUndefined();
  });

  it('keep one server where answers of a group must meet, never two at once', () => {
    const all = objectsOf(manifestsOf(FLEETS['gathers']!));
    expect(Object.keys(all)).not.toContain('HorizontalPodAutoscaler reward-contract-review');
    expect(all['Deployment reward-contract-review']!['spec']).toMatchObject({
      replicas: 1,
      strategy: { type: 'Recreate' },
    });
  });

  it('take every key from the Secret and hold none; what the next steps put there is what they ask for', () => {
    for (const [name, fleet] of Object.entries(FLEETS)) {
      const files = manifestsOf(fleet);
      const asked = new Set<string>();
      for (const { kind, spec } of Object.values(objectsOf(files))) {
        if (kind !== 'Deployment' && kind !== 'StatefulSet') continue;
        for (const { valueFrom, value, name: variable } of (spec as Json)['template'].spec.containers[0]
          .env as Json[]) {
          if (value !== undefined)
            expect(value, variable).toMatch(/^redis:\/\/:\$\(REDIS_PASSWORD\)@reward-[a-z-]+:6379$/);
          else if (valueFrom.secretKeyRef.optional !== true) asked.add(valueFrom.secretKeyRef.key as string);
        }
      }
      expect([...asked].sort(), name).toEqual([...secretsOf(fleet)].sort());
      const steps = fleetSteps(fleet, '');
      for (const key of asked) expect(steps).toContain(`--from-literal=${key}=`);
      for (const text of Object.values(files)) expect(text).not.toMatch(/__[A-Z]+__/);
    }
    expect(secretsOf(FLEETS['own']!)).toEqual(['TOUCHSTONE_REWARD_KEY', 'MY_KEY', 'REDIS_URL']);
    expect(secretsOf(FLEETS['checks']!)).toEqual(['TOUCHSTONE_REWARD_KEY']);
  });

  it('let out what the judge needs and nothing else', () => {
    const egressOf = (judge: object, more: Partial<Fleet> = {}) => {
      const all = objectsOf(manifestsOf(fleetOf(judge, more)));
      const [names, ...rules] = all['NetworkPolicy reward-contract-review']!['spec'].egress as Json[];
      expect(names!['ports'].map((one: Json) => one['port'])).toEqual([53, 53]);
      return rules;
    };
    const tcp = (port: number) => ({ protocol: 'TCP', port });
    const redis = {
      to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'reward-contract-review-redis' } } }],
      ports: [tcp(6379)],
    };
    const at = (base_url: string) => egressOf({ ...remote, base_url });
    expect(egressOf(remote)).toEqual([redis, { ports: [tcp(443)] }]);
    expect(egressOf(remote, { ownRedis: false })).toEqual([
      { ports: [tcp(6379), tcp(6380)] },
      { ports: [tcp(443)] },
    ]);
    const inModels = {
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'models' } } }],
    };
    expect(at('http://vllm.models.svc.cluster.local:8000/v1')).toEqual([redis, inModels]);
    expect(at('http://vllm.models:8000/v1')).toEqual([redis, inModels]);
    expect(at('http://vllm:8000/v1')).toEqual([redis, { to: [{ podSelector: {} }] }]);
    expect(at('http://10.1.2.3:8000/v1')).toEqual([
      redis,
      { to: [{ ipBlock: { cidr: '10.1.2.3/32' } }], ports: [tcp(8000)] },
    ]);
    expect(() => at('http://localhost:8000/v1')).toThrow("localhost is the server's own pod");
    for (const own of ['127.1.2.3', '[::1]', '0.0.0.0', '[::]', 'vllm.localhost', 'localhost.']) {
      expect(() => at(`http://${own}:8000/v1`), own).toThrow("is the server's own pod");
    }
    expect(egressOf({ model: 'bedrock:amazon.nova-pro-v1:0' })).toHaveLength(3);
  });

  it('are named as Kubernetes allows, whatever the run is called', () => {
    for (const name of ['Contract review', 'x', 'a.b_c-d e', '_', 'long '.repeat(30), 'ÄÖ'])
      expect(fleetName({ name })).toMatch(/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/);
    expect(fleetName({ name: 'Contract review' })).toBe('reward-contract-review');
  });

  it('are others where long names begin alike', () => {
    const long = 'contract review with the judge of the year';
    expect(fleetName({ name: `${long} 2025` })).not.toBe(fleetName({ name: `${long} 2026` }));
  });
});

describe('a configuration', () => {
  it('is refused where several servers would do something wrong without a word', () => {
    expect(() => assertFleet(configOf(remote))).not.toThrow();
    expect(() => assertFleet(configOf({ ...remote, cache: undefined }))).toThrow(
      'judge.cache: expected { redis_env',
    );
    expect(() => assertFleet(configOf({ ...remote, cache: { sqlite: 'a.db' } }))).toThrow('judge.cache');
    expect(() => assertFleet(configOf({ model: 'local:judge' }))).toThrow('computed by each server');
    const panel = {
      kind: 'panel',
      members: { one: { kind: 'rubric', ...remote, ...CRITERIA }, two: { kind: 'code', module: './j.mjs' } },
    };
    expect(() => assertFleet(scoringSchema.parse({ judge: panel }))).toThrow('judge.members.one.cache');
    const checks = [{ type: 'length', unit: 'tokens', max: 5 }];
    expect(() => assertFleet(scoringSchema.parse({ reward: { checks } }))).toThrow('tokenizer');
  });
});

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const python = join(root, '.cache/python/bin/python');
const missing = !existsSync(python);
const why = missing ? ' (skipped: kubernetes-validate is not here; node scripts/python-tools.mjs)' : '';
const folder = mkdtempSync(join(tmpdir(), 'touchstone-fleet-'));
afterAll(() => rmSync(folder, { recursive: true }));
const run = promisify(execFile);
/** The oldest in which nothing here is new, and one of today. */
const VERSIONS = '1.31,1.37';

/** Faults of these files, and how many documents were checked. */
async function validate(files: Record<string, string>) {
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name.replaceAll('/', '-'));
    writeFileSync(path, text);
    return path;
  });
  const script = fileURLToPath(new URL('validate.py', import.meta.url));
  const { stdout } = await run(python, [script, VERSIONS, ...paths], { maxBuffer: 2 ** 24 });
  const lines = stdout.trim().split('\n');
  return { checked: Number(/\d+$/.exec(lines.pop()!)![0]), faults: lines };
}

describe.skipIf(missing)(`the manifests in Kubernetes' own schemas${why}`, () => {
  it('have no field that Kubernetes does not know, and none that is wrong', async () => {
    const files = Object.entries(FLEETS).flatMap(([name, fleet]) =>
      Object.entries(manifestsOf(fleet)).flatMap(([file, text]) =>
        file.startsWith('kubernetes/') ? [[`${name}-${basename(file)}`, text] as const] : [],
      ),
    );
    const { checked, faults } = await validate(Object.fromEntries(files));
    expect(faults).toEqual([]);
    // Two versions, six fleets, five objects of each at least.
    expect(checked).toBeGreaterThanOrEqual(2 * 6 * 5);
  }, 240_000);

  it('would be refused with a field misspelt, in a wrong place or of a wrong type', async () => {
    const files = manifestsOf(FLEETS['remote']!);
    const broken = Object.entries({
      'server.yaml': [/readinessProbe:/, 'readynessProbe:'],
      'autoscaler.yaml': [/minReplicas: \d+/, 'minReplicas: two'],
      'network-policy.yaml': [/podSelector:\n/, 'podSelectors:\n'],
      'redis.yaml': [/ {2}clusterIP: None\n/, '  clusterIp: None\n'],
    } as const).map(([name, [what, instead]]) => {
      const text = files[`kubernetes/${name}`]!;
      expect(text).toMatch(what);
      return [name, text.replace(what, instead)] as const;
    });
    const { faults } = await validate(Object.fromEntries(broken));
    for (const [name] of broken)
      expect(
        faults.some((fault) => fault.includes(name)),
        name,
      ).toBe(true);
  }, 240_000);
});
