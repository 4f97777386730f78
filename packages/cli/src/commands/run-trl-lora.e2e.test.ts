import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { summaryOf, train, training, weightsOf } from './small-run.testing.js';
import { missingTrl, PYTHON } from './trl-python.testing.js';
import { figures, rise, runStraight, startTrlJudge, STEPS } from './trl-run.testing.js';

const why = missingTrl('peft');

/** The largest difference between log-probabilities of the merged folder and of base and adapter, and whether the adapter does anything. */
const COMPARE = `
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
read = lambda folder: AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
base, adapter, merged = sys.argv[1:]
ids = torch.arange(5, 45).reshape(2, 20)
of = lambda model: model(ids).logits.log_softmax(-1).detach()
plain, adapted = of(read(base)), of(PeftModel.from_pretrained(read(base), adapter))
print(json.dumps({"merged": (of(read(merged)) - adapted).abs().max().item(), "base": (plain - adapted).abs().max().item()}))
`;

describe.skipIf(why)(
  `touchstone run with backend: trl and an adapter${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let judge: Awaited<ReturnType<typeof startTrlJudge>>;
    /**
     * The embeddings are the head too, which an adapter leaves alone: those of a random model are so small that no layer before them
     * can make one token much likelier than another.
     */
    const prepare = async (): Promise<string> => {
      const folder = await judge.prepare({ trl: { python: PYTHON, lora: { rank: 8 } } });
      const [from, to] = [join(folder, 'model'), join(folder, 'larger')];
      const model = await CausalLM.load(from);
      const { data } = model.parameters.get('model.embed_tokens.weight')!;
      data.forEach((weight, i) => (data[i] = 10 * weight));
      await model.save(to, from);
      rmSync(from, { recursive: true });
      renameSync(to, from);
      return folder;
    };
    /** A run that nothing stopped. */
    let straight: string;
    let needed: number;
    beforeAll(async () => {
      judge = await startTrlJudge();
      straight = await prepare();
      needed = await runStraight(judge, straight);
    }, 900_000);
    afterEach(() => judge.answerAll());
    afterAll(() => judge.endpoint.goDown());

    const output = (folder: string) => join(folder, 'trl/output');

    it('the reward rises, the base stays, and what is merged is base and adapter', async () => {
      expect(rise(straight)).toBeGreaterThan(0.2);
      const { steps, training: trained } = summaryOf(straight);
      expect(steps[0]!.metrics).toMatchObject({ loss: expect.any(Number), grad_norm: expect.any(Number) });
      // Before the first update the adapter adds nothing.
      expect(steps[0]!.metrics['kl']).toBe(0);
      expect(steps.at(-1)!.metrics['kl']).toBeGreaterThan(0);
      expect(trained.engine!.versions).toMatchObject({ peft: expect.any(String) });
      const last = join(output(straight), `checkpoint-${STEPS}`);
      expect(readdirSync(last)).toContain('adapter_model.safetensors');
      const model = join(straight, 'model');
      const args = ['-c', COMPARE, model, last, join(output(straight), 'merged')];
      const differences = JSON.parse(
        execFileSync(PYTHON!, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      ) as {
        merged: number;
        base: number;
      };
      expect(differences.merged).toBeLessThan(1e-5);
      expect(differences.base).toBeGreaterThan(0.01);
      const kept = await weightsOf(straight);
      expect(kept).toBe((await CausalLM.load(join(output(straight), 'merged'))).fingerprint());
      expect(kept).not.toBe((await CausalLM.load(model)).fingerprint());
    });

    it('killed in the middle, its newest adapter damaged: the same command comes to the same weights', async () => {
      judge.run.name = 'killed with an adapter';
      const folder = await prepare();
      const before = { ...judge.counts() };
      const pid = () =>
        (JSON.parse(readFileSync(join(folder, 'trl/job.json'), 'utf8')) as { pid: number }).pid;
      const first = training(folder);
      const newest = join(output(folder), 'checkpoint-8');
      let isKilled = false;
      judge.endpoint.provider.fate = () => {
        if (!isKilled && existsSync(join(newest, 'touchstone-checkpoint.json'))) {
          isKilled = true;
          process.kill(pid(), 'SIGKILL');
        }
        return { kind: 'reply' };
      };
      expect(await first.ended).toMatchObject({ code: 1, err: expect.stringContaining('TRL has stopped') });
      judge.answerAll();
      truncateSync(join(newest, 'adapter_model.safetensors'), 1000);
      expect(await train(folder)).toMatchObject({ code: 0 });
      expect(readFileSync(join(folder, 'trl/log-2.txt'), 'utf8')).toContain(
        'checkpoint-8 is not what was written',
      );
      expect(judge.counts().useful - before.useful).toBe(needed);
      expect(await weightsOf(folder)).toBe(await weightsOf(straight));
      expect(figures(folder)).toEqual(figures(straight));
    });

    it('killed between training and merging, the script merges again; without peft it says what to install', () => {
      const job = join(straight, 'trl');
      const merged = join(output(straight), 'merged/model.safetensors');
      const before = readFileSync(merged);
      truncateSync(merged, 100);
      execFileSync(PYTHON!, ['train.py'], { cwd: job, stdio: 'ignore' });
      expect(readFileSync(merged)).toEqual(before);
      const lines = readFileSync(join(job, 'journal-2.jsonl'), 'utf8').trim().split('\n');
      expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
        { started: { from: STEPS } },
        { done: { checkpoint: 'output/merged' } },
      ]);
      const without = `import sys, importlib.metadata as m
real = m.version
def version(name):
    if name == 'peft': raise m.PackageNotFoundError(name)
    return real(name)
m.version = version
sys.modules['peft'] = None
import touchstone_check
print(touchstone_check.problems())`;
      expect(execFileSync(PYTHON!, ['-c', without], { cwd: job, encoding: 'utf8' })).toMatch(
        /training\.trl\.lora needs peft: .* -m pip install peft==/,
      );
    });
  },
);
