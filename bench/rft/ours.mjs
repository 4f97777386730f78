// One training of `bench:rft` with this repository: `node ours.mjs JOB`, a job as JSON. Prints a line of JSON.
//
// With `replay`, a file of answers that the peer drew, nothing is drawn: the same answers are scored and learnt from, so that
// every reward and every gradient can be compared with the peer's own.
import { readFile } from 'node:fs/promises';
import { logProbabilities } from '@touchstone/engine';
import { readTasksStrict, createReward, rewardSchema } from '@touchstone/core';
import {
  Learner,
  makeBatch,
  openAlgorithm,
  Policy,
  sampleGroups,
  samplingSchema,
  scoreGroups,
  trainingSchema,
} from '@touchstone/train';

const job = JSON.parse(process.argv[2]);
const training = trainingSchema.parse(job.training);
const sampling = samplingSchema.parse(job.sampling);
const rules = rewardSchema.parse(job.reward);

const reward = createReward(rules, null, { baseDir: '.' });
const tasks = await readTasksStrict(job.tasks);
const policy = await Policy.load(job.model);
const algorithm = openAlgorithm(training, sampling);
const learner = new Learner(policy, policy.model, algorithm, training, sampling.temperature);
const drawn = job.replay ? JSON.parse(await readFile(job.replay, 'utf8')) : null;

/** The peer's answers of a step, as if this policy had drawn them. */
async function replayed(own, step) {
  const rollouts = drawn[step - 1].map((tokens, i) => {
    const task = own[Math.floor(i / training.group_size)];
    const rollout = {
      id: `${task.id}/${i}`,
      task,
      response: policy.tokenizer.decode(tokens),
      finish: tokens.length < sampling.max_tokens ? 'stop' : 'length',
      group: task.id,
      policy: 'peer',
    };
    return { rollout, prompt: policy.tokenizer.encodeChat(task.messages), tokens };
  });
  const sequences = rollouts.map(({ prompt, tokens }) => ({
    tokens: [...prompt, ...tokens],
    start: prompt.length,
    columns: {},
  }));
  const logprobs = await logProbabilities(policy.model, sequences, sampling.temperature);
  const scored = rollouts.map((one, i) => ({ ...one, logprobs: logprobs[i] }));
  return own.map((_, p) => scored.slice(p * training.group_size, (p + 1) * training.group_size));
}

const steps = [];
for (let step = 1; step <= training.steps; step++) {
  const own = tasks.slice((step - 1) * training.prompts_per_step, step * training.prompts_per_step);
  const begun = performance.now();
  const rollouts = drawn
    ? await replayed(own, step)
    : await sampleGroups(policy, own, step, training, sampling, job.seed);
  const groups = await scoreGroups(reward, rollouts, rules.abstention, step);
  const learned = await learner.learn(makeBatch(groups, algorithm), step);
  const seconds = (performance.now() - begun) / 1000;
  const rewards = groups.flatMap(({ scores_G }) => scores_G);
  steps.push({ seconds, rewards, ...learned });
}
process.stdout.write(`${JSON.stringify(steps)}\n`);
