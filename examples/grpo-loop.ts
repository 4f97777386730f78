/**
 * Group relative policy optimisation, written out: sample a group of answers to each task, score them, and push every
 * answer by how far it is above its group. `npm run example examples/grpo-loop.ts` takes half a minute on two cores.
 *
 * The policy is the quickstart's: it reviews contracts in JSON. The reward is a rule that a reader can check by eye, in
 * place of a judge: reviews must be JSON, and the shorter the better.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareQuickstart } from '@touchstone/quickstart';
import {
  createReward,
  Learner,
  makeBatch,
  openAlgorithm,
  Policy,
  readTasksStrict,
  rewardSchema,
  sampleGroups,
  samplingSchema,
  scoreGroups,
  trainingSchema,
} from 'touchstone';

const folder = await mkdtemp(join(tmpdir(), 'grpo-loop-'));
await prepareQuickstart(folder, 1);
const tasks = await readTasksStrict(join(folder, 'data', 'train.jsonl'));

const policy = await Policy.load(join(import.meta.dirname, 'quickstart', 'models', 'policy'));

const rules = rewardSchema.parse({
  checks: [
    { type: 'json', gate: true },
    { type: 'length', max: 120, tolerance: 240, weight: 1 }, // full marks up to 120 characters, none from 360 on
  ],
});
const reward = createReward(rules, null, { baseDir: '.' });

const seed = 1;
const sampling = samplingSchema.parse({ max_tokens: 96 });
const training = trainingSchema.parse({ steps: 8, prompts_per_step: 8, group_size: 6, learning_rate: 5e-4 });

// Advantages, token weights and loss; `training.algorithm` names another one.
const algorithm = openAlgorithm(training, sampling);
// AdamW over the policy's weights, which it changes in place. The copy is what a KL penalty would be measured to.
const learner = new Learner(policy, policy.model.clone(), algorithm, training, sampling.temperature);

const means: number[] = [];
for (let step = 1; step <= training.steps; step++) {
  // Answers of the weights as they are now: a group of six to each of eight tasks.
  const rollouts_P_G = await sampleGroups(policy, tasks, step, training, sampling, seed);
  // What each is worth. An answer that could not be judged has no score, and is left out of its group.
  const groups = await scoreGroups(reward, rollouts_P_G, rules.abstention, step);
  // Above or below its group, answer by answer; then one step along the gradient.
  await learner.learn(makeBatch(groups, algorithm), step);

  const scores = groups.flatMap(({ scores_G }) => scores_G.filter((score) => score !== null));
  means.push(scores.reduce((sum, score) => sum + score, 0) / scores.length);
  if (process.env['VERBOSE']) console.log(`step ${step}: mean reward ${means.at(-1)!.toFixed(3)}`);
}
const early = means[0]! + means[1]!;
const late = means.at(-2)! + means.at(-1)!;
console.log(late > early + 0.1 ? 'the reward rose' : `from ${early / 2} to ${late / 2}`); // → the reward rose
