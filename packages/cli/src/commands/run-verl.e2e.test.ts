import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ruleJudge, startProvider, type ProviderServer } from '@touchstone/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRay, type RayCluster } from './ray-cluster.testing.js';
import { smallRun, summaryOf, train, training } from './small-run.testing.js';

/** A Python in which verl is installed, where one is named. */
const PYTHON = process.env['TOUCHSTONE_VERL_PYTHON'];

function missingVerl(): string {
  if (PYTHON === undefined) return 'TOUCHSTONE_VERL_PYTHON does not name a Python in which verl is installed';
  const find =
    'import importlib.util as u; exit(not all(map(u.find_spec, ["verl", "ray", "transfer_queue"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks verl, ray or TransferQueue`;
}
const why = missingVerl();

const STEPS = 7;
const ON_CPU = fileURLToPath(new URL('verl_on_cpu.py', import.meta.url));

/** The processes of Python whose command names a folder. */
function pidsAbout(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.includes(ON_CPU) && words.includes(folder);
      } catch {
        return false;
      }
    });
}

/** Likes the letter e: something that a random model of one layer can learn in some steps. */
const likesE = ruleJudge((candidate, { prompt }) => {
  const [, lowest] = /"score":(\d+)/.exec(prompt)!;
  const letters = [...candidate];
  const share = letters.filter((letter) => letter === 'e').length / Math.max(1, letters.length);
  return { Length: Number(lowest) * (1 + Math.min(4, Math.floor(share * 20))) };
});

describe.skipIf(why)(
  `touchstone run with backend: verl${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 1_200_000 },
  () => {
    let endpoint: ProviderServer;
    let cluster: RayCluster;
    let python: string;
    beforeAll(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'verl-python-'));
      // verl's own trainer wants a GPU and vLLM: in its place ours is started, and vLLM is said to be there.
      const site = join(folder, 'site', 'vllm-0.24.0.dist-info');
      mkdirSync(site, { recursive: true });
      writeFileSync(join(site, 'METADATA'), 'Metadata-Version: 2.1\nName: vllm\nVersion: 0.24.0\n');
      python = join(folder, 'python');
      writeFileSync(
        python,
        `#!/bin/sh
export PYTHONPATH='${dirname(site)}'
if [ "$1 $2" = "-m verl.trainer.main_ppo" ]; then shift 2; exec '${PYTHON}' '${ON_CPU}' "$@"; fi
exec '${PYTHON}' "$@"
`,
      );
      chmodSync(python, 0o755);
      endpoint = await startProvider({ respond: likesE });
      cluster = await startRay(dirname(PYTHON!), { cpus: 8, gpus: 1 });
      vi.stubEnv('RAY_AUTH_TOKEN', cluster.token);
    }, 200_000);
    afterAll(async () => {
      vi.unstubAllEnvs();
      await cluster?.stop();
      await endpoint?.goDown();
    }, 60_000);

    const prepare = (steps: number) =>
      smallRun(endpoint.url, (config) => {
        Object.assign(config['training']!, {
          backend: 'verl',
          verl: { python },
          ray: { address: cluster.address },
          steps,
          prompts_per_step: 4,
          group_size: 8,
          learning_rate: 0.03,
          checkpoint_every: 2,
        });
        delete config['training']!['sft'];
        delete config['heldout_judge'];
      });

    it('goes from gate to report, and the reward rises', async () => {
      const folder = await prepare(STEPS);
      const { code, out, err } = await train(folder);
      expect(`${code} ${err}`, out).toMatch(/^0 /);
      const summary = summaryOf(folder);
      const rewards = summary.steps.map(({ metrics }) => metrics['reward']!);
      const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length;
      expect(mean(rewards.slice(-3)) - mean(rewards.slice(0, 3))).toBeGreaterThan(0.1);
      expect(Object.keys(summary.steps[0]!.metrics)).toEqual(
        expect.arrayContaining(['loss', 'grad_norm', 'entropy', 'clip_fraction', 'response_tokens']),
      );
      expect(summary.training).toMatchObject({
        engine: { name: 'verl', versions: { verl: '0.9.1', ray: expect.any(String) } },
        steps: STEPS,
        rollouts: STEPS * 32,
      });
      expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('verl 0.9');
    });

    it('goes on from a checkpoint when the job has died, and asks nothing of the steps before', async () => {
      const folder = await prepare(4);
      const first = training(folder);
      const at = (path: string): string => readFileSync(join(folder, 'verl', path), 'utf8');
      await vi.waitFor(() => expect(at('attempt-1/metrics.jsonl')).toContain('{"step":3'), 900_000);
      for (const pid of pidsAbout(`${join(folder, 'verl')}/attempt-1`)) process.kill(pid, 'SIGKILL');
      const failed = await first.ended;
      expect(failed).toMatchObject({
        code: 1,
        err: expect.stringMatching(/verl has stopped.*run the same command again/),
      });
      const { code, err } = await train(folder);
      expect(`${code} ${err}`).toMatch(/^0 /);
      expect(JSON.parse(at('attempt-2/attempt.json'))).toMatchObject({ from: 2 });
      expect(at('attempt-2/metrics.jsonl')).toMatch(/^{"step":3/);
      const asked = at('attempt-2/answers.jsonl').trim().split('\n');
      expect(
        new Set(asked.map((line) => Math.floor((JSON.parse(line) as { index: number }).index / 4))),
      ).toEqual(new Set([2, 3]));
      expect(summaryOf(folder).steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    });
  },
);
