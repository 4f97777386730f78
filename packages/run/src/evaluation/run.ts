import { join } from 'node:path';
import { judgeScore, summariseEvaluation } from '@touchstone/lab';
import type { EvaluationSummary, Rollout, RunListener } from '@touchstone/spec';
import { writeWhole, type RolloutRecord } from '@touchstone/store';
import { stopOnAbstentions } from '@touchstone/train';
import { systemClock, type Clock } from '../clock.js';
import { SUMMARY_FILE } from '../comparison/evaluation-folder.js';
import { writeAnswers } from '../comparison/rows-file.js';
import { samplesPerTask, scoreAnswers } from '../stages/evaluate.js';
import { stageRunner, type StageReporter } from '../stages/stage.js';
import { versions } from '../workspace/provenance.js';
import type { Contestant, KnownAnswer } from './contestant.js';
import { loadPolicy, openAsked } from './draw.js';
import { compareModelsInPairs } from './duels.js';
import type { ScoringJudge } from './judges.js';
import type { Evaluation } from './open.js';
import { recordsOf } from './records.js';
import { DRAWN, DUELS, EVALUATED, FURTHER, type Extras } from './stages.js';

/** As `main-job.ts` says. */
export async function runEvaluation(
  evaluation: Evaluation,
  { onEvent = () => {}, clock = systemClock }: { onEvent?: RunListener; clock?: Clock } = {},
): Promise<EvaluationSummary> {
  const { store, contestants, judges, folder } = evaluation;
  const stage = stageRunner(store, onEvent, clock);
  const works: ((place: string) => Promise<unknown>)[] = [];
  for (const contestant of contestants) {
    const { name, drawn } = contestant;
    if (drawn) works.push(stage(DRAWN(name), (reporter) => draw(evaluation, contestant, reporter)));
  }
  for (const contestant of contestants)
    works.push(stage(EVALUATED(contestant.name), (reporter) => score(evaluation, contestant, reporter)));
  for (const further of judges.further)
    for (const { name } of contestants)
      works.push(
        stage(FURTHER(name, further.name), (reporter) => scoreFurther(evaluation, name, further, reporter)),
      );
  const { duelist } = judges;
  if (duelist)
    works.push(stage(DUELS, (reporter) => compareModelsInPairs(evaluation, duelist.judge, reporter)));
  for (const [i, work] of works.entries()) await work(`${i + 1} of ${works.length}`);

  const models = recordsOf(evaluation);
  const duels = store.stage(DUELS.name) ? DUELS.schema.parse(store.stage(DUELS.name)!.value) : [];
  const { name, seed, evaluation: settings } = evaluation.config;
  const summary = summariseEvaluation({
    name,
    models,
    duels,
    order: evaluation.order,
    bestOf: settings.best_of,
    ...(settings.pass_score === undefined ? {} : { passScore: settings.pass_score }),
    seed,
    created: clock.date().toISOString(),
    versions: versions(),
    remarks: [...evaluation.remarks, ...judges.remarks],
  });
  const files = await writeAnswers(folder, { models, duels });
  // Last: whoever reads it before sees that the files beside it are others.
  await writeWhole(join(folder, SUMMARY_FILE), `${JSON.stringify({ ...summary, files }, null, 2)}\n`);
  return summary;
}

/** Asks a model for its answers and stores them; nobody has judged them yet. */
async function draw(evaluation: Evaluation, contestant: Contestant, reporter: StageReporter): Promise<null> {
  const { config, store, tasks, baseDir, replies } = evaluation;
  const { name, drawn } = contestant;
  const samples = samplesPerTask(evaluation);
  const total = tasks.length * samples;
  reporter.progress(0, total, 'answers');
  let done = 0;
  const draws = { samples, seed: config.seed, name };
  const policy =
    drawn!.folder === null
      ? await openAsked(drawn!, { baseDir, seed: config.seed, cache: replies })
      : (await loadPolicy(drawn!.folder, config.engine, { tasks, max_tokens: drawn!.max_tokens })).policy;
  const sampled = await policy.sample(tasks, drawn!, draws, () =>
    reporter.progress(++done, total, 'answers'),
  );
  reporter.progress(total, total, 'answers');
  store.putRollouts(
    DRAWN(name).name,
    0,
    sampled.map(({ rollout, tokens }) => ({
      rollout,
      reward: null,
      heldout: null,
      truth: null,
      tokens: tokens.length,
    })),
  );
  return null;
}

/** Answers of a model as rollouts, by training. */
function answersOf(
  { store }: Evaluation,
  { name, known }: Contestant,
): { extras: Extras; lists: { rollout: Rollout; truth: number | null }[][] } {
  if (known === undefined) {
    const drawn = store.rollouts(DRAWN(name).name);
    return {
      extras: { seeds: [null], answers: [drawn.map(({ tokens }) => ({ scores: {}, tokens }))] },
      lists: [drawn.map(({ rollout }) => ({ rollout, truth: null }))],
    };
  }
  return {
    extras: {
      seeds: known.map(({ seed }) => seed),
      answers: known.map(({ answers }) => answers.map(({ scores, tokens }) => ({ scores, tokens }))),
    },
    lists: known.map(({ answers }) =>
      answers.map((answer, i) => ({ rollout: rolloutOf(name, answer, i), truth: answer.truth })),
    ),
  };
}

const rolloutOf = (
  policy: string,
  { task, response, trajectory, finish }: KnownAnswer,
  place: number,
): Rollout => ({
  id: `${policy}/${task.id}/${place}`,
  task,
  response,
  ...(trajectory === undefined ? {} : { trajectory }),
  finish,
  group: `${policy}/${task.id}`,
  policy,
});

/** Scores a model's answers with the judge, the held-out judge and the truth, and stores both. */
async function score(
  evaluation: Evaluation,
  contestant: Contestant,
  reporter: StageReporter,
): Promise<Extras> {
  const { config, store, judges, truth } = evaluation;
  const { extras, lists } = answersOf(evaluation, contestant);
  const scorers = { config, reward: judges.reward, heldout: judges.heldout, truth };
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  const total = count * ((judges.reward ? 1 : 0) + (judges.heldout ? 1 : 0));
  let done = 0;
  if (total > 0) reporter.progress(0, total, 'judging');
  for (const [training, list] of lists.entries()) {
    const rollouts = list.map(({ rollout }) => rollout);
    const scored = await scoreAnswers(scorers, rollouts, contestant.name, () =>
      reporter.progress(++done, total, 'judging'),
    );
    store.putRollouts(
      EVALUATED(contestant.name).name,
      training,
      scored.map((one, i): RolloutRecord => ({
        ...one,
        truth: truth ? one.truth : list[i]!.truth,
        // The table has no word for tokens that nobody has counted; the stage has.
        tokens: extras.answers[training]![i]!.tokens ?? 0,
      })),
    );
  }
  return extras;
}

/** What a further judge says of a model's answers. */
async function scoreFurther(
  { store, config }: Evaluation,
  model: string,
  { name, reward }: ScoringJudge,
  reporter: StageReporter,
): Promise<(number | null)[][]> {
  const stored = store.rollouts(EVALUATED(model).name);
  let done = 0;
  reporter.progress(0, stored.length, 'judging');
  const rewards = await reward.score(
    stored.map(({ rollout }) => rollout),
    { onDone: () => reporter.progress(++done, stored.length, 'judging') },
  );
  stopOnAbstentions(rewards, config.reward.abstention.limit, `${name} of ${model}`);
  const steps = [...new Set(stored.map(({ step }) => step))];
  return steps.map((step) =>
    rewards.flatMap((one, i) => (stored[i]!.step === step ? [judgeScore(one)] : [])),
  );
}
