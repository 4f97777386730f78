import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DrawnStep, TrainingJob } from '@touchstone/run';
import { describe, expect, it } from 'vitest';
import { configOf, jobOf } from './job.testing.js';
import { openrlhf } from './openrlhf.js';

/** What the job's files wrote beside OpenRLHF 0.11.2, in three steps of two groups of two, on stand-ins for its GPUs. */
const JOURNAL = fileURLToPath(new URL('fixtures/journal-1.jsonl', import.meta.url));

const training = { steps: 3, prompts_per_step: 2, group_size: 2, kl_coefficient: 0.1 };

/** A job that has ended, with this in its journal. */
function ended(policy: string, text = readFileSync(JOURNAL, 'utf8'), more: object = {}): TrainingJob {
  const job = jobOf(configOf({ ...training, ...more }, { abstention: { policy } }));
  writeFileSync(join(job.folder, 'journal-1.jsonl'), text);
  return job;
}

async function followed(job: TrainingJob): Promise<DrawnStep[]> {
  const steps: DrawnStep[] = [];
  for await (const step of (await openrlhf.launch(job)).follow()) {
    if (step.groups_P !== null) steps.push(step);
  }
  return steps;
}

describe('a job of OpenRLHF that has ended', () => {
  it('is read back: answers in the order of their tasks, figures by our names', async () => {
    const steps = await followed(ended('mask'));
    expect(steps.map(({ step, groups_P }) => [step, groups_P.map(({ task }) => task)])).toEqual([
      [1, ['a', 'b']],
      [2, ['c', 'd']],
      [3, ['é "quoted"\n', 'a']],
    ]);
    expect(steps[0]!.groups_P[0]!.answers_G[1]).toEqual({
      text: '',
      tokens: 1,
      finish: 'stop',
      score: null,
      reason: 'transport: x',
    });
    const { learned } = steps[2]!;
    expect(learned).toMatchObject({ kl: 0, clip_fraction: 0, grad_norm: expect.closeTo(8.4457, 4) });
    expect(learned).toMatchObject({ loss: expect.closeTo(-0.0714, 4) });
    expect(Object.keys(learned).toSorted()).toEqual(['clip_fraction', 'grad_norm', 'kl', 'loss']);
    // It logs 0 where it measures none.
    const [first] = await followed(ended('mask', undefined, { kl_coefficient: 0 }));
    expect(first!.learned).not.toHaveProperty('kl');
  });

  it('says its mean reward where that is of the same answers as ours', async () => {
    const logged = async (policy: string) =>
      (await followed(ended(policy))).map(({ loggedReward }) => loggedReward);
    expect(await logged('mask')).toEqual([null, null, 0.5]);
    expect(await logged('group-mean')).toEqual([0.5, 0.5, 0.5]);
    // Nobody in the first group has a verdict: it has no mean.
    const none = readFileSync(JOURNAL, 'utf8').replaceAll('"score": 0.4', '"score": null');
    expect((await followed(ended('group-mean', none)))[0]!.loggedReward).toBeNull();
    expect((await followed(ended('neutral', none)))[0]!.loggedReward).toBe(0.5);
  });

  it('has its model taken only where it is what was written', async () => {
    const job = ended('mask');
    const launched = await openrlhf.launch(job);
    await expect(launched.fetch()).rejects.toThrow(
      new RegExp(
        `chat_template.jinja is missing, which OpenRLHF has written: .* delete ${job.folder} to train`,
      ),
    );
    const folder = join(job.folder, 'output/checkpoint-3');
    mkdirSync(folder, { recursive: true });
    copyFileSync(JOURNAL, join(folder, 'chat_template.jinja'));
    await expect(launched.fetch()).rejects.toThrow(/chat_template.jinja is not what OpenRLHF has written/);
  });

  it('is refused where its lines are of another run', async () => {
    const other = readFileSync(JOURNAL, 'utf8').replace('"run": "r1"', '"run": "r2"');
    await expect(followed(ended('mask', other))).rejects.toThrow(/line 1 is of another run/);
  });
});
