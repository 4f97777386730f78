import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CausalLM } from '@touchstone/engine';
import { createRewardServer } from '@touchstone/serve';
import { simulatedReward } from '@touchstone/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { missingOpenRlhf, PYTHON, pythonWithoutGpu } from './openrlhf-python.testing.js';
import { change, summaryOf, train, training, weightsOf } from './small-run.testing.js';
import { figures, runStraight, startTrlJudge } from './trl-run.testing.js';

const why = missingOpenRlhf();

const STEPS = 6;

describe.skipIf(why)(
  `touchstone run with backend: openrlhf${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let judge: Awaited<ReturnType<typeof startTrlJudge>>;
    /** A run that nothing stopped. */
    let straight: string;
    let needed: number;
    const withoutGpu = pythonWithoutGpu();
    beforeAll(async () => {
      judge = await startTrlJudge();
      straight = await prepare();
      needed = await runStraight(judge, straight);
    }, 900_000);
    afterEach(() => judge.answerAll());
    afterAll(async () => {
      await judge.endpoint.goDown();
      withoutGpu.remove();
    });

    const prepare = () =>
      judge.prepare({
        backend: 'openrlhf',
        openrlhf: { python: withoutGpu.path, gpus_per_node: 2, micro_batch: 2 },
        steps: STEPS,
        prompts_per_step: 3,
        group_size: 4,
        kl_coefficient: 0,
        checkpoint_every: 2,
      });
    const jobOf = (folder: string) =>
      JSON.parse(readFileSync(join(folder, 'openrlhf/job.json'), 'utf8')) as { pid: number; attempt: number };
    /** Without stand-ins. */
    const python = async (...args: string[]) => {
      const cwd = join(straight, 'openrlhf');
      const { stdout } = await promisify(execFile)(PYTHON!, args, { cwd, maxBuffer: 2 ** 26 });
      return JSON.parse(stdout.trim().split('\n').at(-1)!) as unknown;
    };

    it('goes from gate to report: its own trainer, data set, loader and executor, on stand-ins for its GPUs', async () => {
      const summary = summaryOf(straight);
      expect(summary.training).toMatchObject({
        engine: { name: 'openrlhf', versions: { openrlhf: expect.any(String), ray: expect.any(String) } },
        steps: STEPS,
        rollouts: STEPS * 12,
      });
      expect(Object.keys(summary.steps[0]!.metrics)).toEqual(
        expect.arrayContaining(['loss', 'grad_norm', 'clip_fraction', 'reward', 'response_tokens']),
      );
      expect(await weightsOf(straight)).not.toBe(
        (await CausalLM.load(join(straight, 'model'))).fingerprint(),
      );
      expect(readFileSync(join(straight, 'report.html'), 'utf8')).toContain('openrlhf 0.');
    });

    it("means what it says to OpenRLHF's own parser", async () => {
      expect(await python('train.py', '--arguments')).toMatchObject({
        actor: {
          adam: { lr: 0.03, betas: [0.9, 0.98] },
          eps_clip_low_high: [0.2, 0.28],
          lr_scheduler: 'constant_with_warmup',
          num_gpus_per_node: 2,
        },
        algo: { advantage: { estimator: 'dr_grpo' }, kl: { init_coef: 0, use_loss: false } },
        ckpt: {
          load_enable: true,
          save_steps: 2,
          output_dir: join(straight, 'openrlhf/output/checkpoint-6'),
        },
        critic: { model_name_or_path: null },
        data: { apply_chat_template: true, input_key: 'prompt', label_key: 'label' },
        reward: { clip_range: [-1e6, 1e6], remote_url: ['agent'] },
        rollout: { batch_size: 3, n_samples_per_prompt: 4, max_new_tokens: 8, temperature: 1, top_p: 1 },
        train: { batch_size: 12, num_episodes: 1, max_epochs: 1, colocate_all: true, async_enable: false },
        vllm: { num_engines: 2, tensor_parallel_size: 1 },
      });
    });

    it("has OpenRLHF's own data set read the prompts and labels in the run's order", async () => {
      const read = await python(
        '-c',
        `import json, train as t; rows, _ = t.rows_as_read(t.parsed(t.ARGUMENTS)); print(json.dumps([rows.prompts, rows.labels]))`,
      );
      const [prompts, labels] = read as [string[], string[]];
      const lines = readFileSync(join(straight, 'openrlhf/prompts.jsonl'), 'utf8').trim().split('\n');
      const rows = lines.map((line) => JSON.parse(line) as { prompt: { content: string }[]; label: string });
      expect(labels).toEqual(rows.map(({ label }) => label));
      expect(labels).toHaveLength(STEPS * 3);
      rows.forEach(({ prompt }, i) => expect(prompts[i]).toContain(prompt.at(-1)!.content));
    });

    it("gives OpenRLHF's remote reward client scores, and a number where there is no verdict", async () => {
      const server = createRewardServer({ reward: simulatedReward(), key: 'k', report: () => {} });
      try {
        const url = await server.listen({ host: '127.0.0.1', port: 0 });
        const good = JSON.stringify([{ quote: 'due', grade: 5 }]);
        const lost = JSON.stringify([{ quote: 'due', grade: 5, does: 'fail' }]);
        const said = await python(
          '-c',
          `
import asyncio, json
from openrlhf.utils.agent import SingleTurnAgentExecutor
client = SingleTurnAgentExecutor("${url.replace('://', '://openrlhf:k@')}/openrlhf")
label = json.dumps({"reference_answer": None, "metadata": {"document": "due in 30 days"}})
ask = lambda answer: client._fetch_rewards_via_http(["Q?" + answer], ["Q?"], [label])
print(json.dumps([asyncio.run(ask(answer))[0] for answer in [${JSON.stringify(good)}, ${JSON.stringify(lost)}]]))
`,
        );
        expect(said).toEqual([
          { rewards: [1], scores: [1], extra_logs: { judge_ok: [1], invalid_sample: [0] } },
          { rewards: [0.5], scores: [0.5], extra_logs: { judge_ok: [0], invalid_sample: [0] } },
        ]);
      } finally {
        await server.close();
      }
    });

    it('killed, the same command goes on from its checkpoint, and pays for nothing twice', async () => {
      judge.run.name = 'killed';
      const folder = await prepare();
      const before = { ...judge.counts() };
      const first = training(folder);
      judge.killAfter(70, 'reply', () => process.kill(jobOf(folder).pid, 'SIGKILL'));
      expect(await first.ended).toMatchObject({
        code: 1,
        err: expect.stringContaining('OpenRLHF has stopped'),
      });
      judge.answerAll();
      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(jobOf(folder).attempt).toBe(2);
      const [, started] = readFileSync(join(folder, 'openrlhf/journal-2.jsonl'), 'utf8').split(
        /"from": (\d+)/,
      );
      expect(Number(started)).toBeGreaterThan(0);
      expect(judge.counts().redundant).toBe(before.redundant);
      expect(judge.counts().useful - before.useful).toBe(needed);
      expect(await weightsOf(folder)).toBe(await weightsOf(straight));
      expect(figures(folder)).toEqual(figures(straight));
    });

    it('answers that could not be judged get the mean of their group, and stay what they were', async () => {
      judge.run.name = 'unjudged';
      const folder = await prepare();
      change(folder, (config) => Object.assign(config['training']!, { steps: 2 }));
      let asked = 0;
      judge.endpoint.provider.fate = () =>
        asked++ % 9 === 8 ? { kind: 'error', status: 400, message: 'not that one' } : { kind: 'reply' };
      expect(await train(folder)).toMatchObject({ code: 0 });
      const { training: trained, steps } = summaryOf(folder);
      expect(trained.abstained).toBeGreaterThan(0);
      expect(steps.reduce((sum, { metrics }) => sum + metrics['abstained']!, 0)).toBe(trained.abstained);
    });

    it('refuses a task that Python reads as other tokens, before anything is paid for', async () => {
      judge.run.name = 'other tokens';
      const folder = await prepare();
      const before = { ...judge.counts() };
      const data = join(folder, 'data/train.jsonl');
      writeFileSync(data, readFileSync(data, 'utf8').replace(/"content":"/, '"content":"<|end|><|user|>'));
      expect(await train(folder)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/OpenRLHF: task .* its prompt is \d+ tokens here/),
      });
      expect(judge.counts()).toEqual(before);
    });
  },
);
