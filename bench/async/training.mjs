// A measurement of `bench:async` in a process of its own: `node training.mjs JOB`, a job as JSON. Prints a line of JSON.
import { Learner, makeBatch, openAlgorithm, sampleGroups, scoreGroups, train } from '@touchstone/train';
import { scoreOf, setUp } from './setup.mjs';

const job = JSON.parse(process.argv[2]);
const { options, openJudge, heldOut } = await setUp(job);
const { policy, tasks, training, sampling, abstention, seed } = options;
const all = Array.from({ length: training.steps }, (_, i) => i + 1);

/** Seconds that it takes, and what it gives. */
async function timed(work) {
  const begun = performance.now();
  const value = await work();
  return [(performance.now() - begun) / 1000, value];
}

/** What the engine does in the training, each stage alone: all answers drawn, then every step learned from. */
async function stages() {
  const algorithm = openAlgorithm(training, sampling);
  const learner = new Learner(policy.clone(), policy.model, algorithm, training, sampling.temperature);
  // The first of each compiles its graphs.
  const draw = (step) => sampleGroups(policy, tasks, step, training, sampling, seed);
  const [, warm] = await timed(() => draw(training.steps + 1));
  const learn = (groups, step) => learner.learn(makeBatch(groups, algorithm), step);
  const ruled = (rollouts_P_G) =>
    rollouts_P_G.map((rollouts_G) => ({
      rollouts_G,
      scores_G: rollouts_G.map(({ rollout }) => scoreOf(rollout.response)),
    }));
  await learn(ruled(warm), 1);

  const [sampling_seconds, drawn] = await timed(async () => {
    const steps = [];
    for (const step of all) steps.push(await draw(step));
    return steps;
  });
  const [updating_seconds] = await timed(async () => {
    for (const step of all) await learn(ruled(drawn[step - 1]), step);
  });
  return { sampling_seconds, updating_seconds };
}

/** A whole training, how long the judge takes for its answers alone, and how good those to held-out tasks are in the end. */
async function wholeTraining() {
  const reward = await openJudge();
  let last;
  const metrics = [];
  const drawn = [];
  const [seconds] = await timed(async () => {
    for await (const step of train({ ...options, reward })) {
      metrics.push(step.metrics);
      drawn.push(...step.groups.map(({ rollouts_G }) => rollouts_G));
      last = step.checkpoint().policy;
    }
  });
  const anew = await openJudge();
  const [judging_seconds] = await timed(() => scoreGroups(anew, drawn, abstention, 0));
  const samples = 4;
  const answers = await last.sample(heldOut, sampling, { samples, seed, name: 'held out' });
  const scores_P_G = heldOut.map((_, p) =>
    answers.slice(p * samples, (p + 1) * samples).map(({ rollout }) => scoreOf(rollout.response)),
  );
  const mean = (name) => {
    const values = metrics.flatMap((one) => one[name] ?? []);
    return values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  };
  return {
    seconds,
    judging_seconds,
    scores_P_G,
    age: mean('age'),
    effective_tokens: mean('effective_tokens'),
    importance_capped: mean('importance_capped'),
  };
}

/** Resident memory after each step. */
async function memory() {
  const reward = await openJudge();
  const resident = [];
  const [seconds] = await timed(async () => {
    for await (const { step } of train({ ...options, reward })) {
      if (step % 10 === 0) globalThis.gc?.();
      resident.push(process.memoryUsage.rss() / 2 ** 20);
    }
  });
  return { seconds, resident };
}

const measured = await { stages, training: wholeTraining, memory }[job.measure]();
process.stdout.write(`${JSON.stringify(measured)}\n`);
