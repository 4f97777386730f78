import { resolve } from 'node:path';
import { filesOfChecks, hashOfModule } from '@touchstone/core';
import { engineSettings } from '@touchstone/engine';
import { InputError } from '@touchstone/spec';
import { openRun, sha256OfFile, type RunStore } from '@touchstone/store';
import type { Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';
import { claimedGradersSchema, gradersOf, type ClaimedGraders } from '../comparison/graders.js';
import { CommonReplies } from '../trainings/replies.js';
import { claimAs } from '../workspace/provenance.js';
import { loadTruth, type TruthScore } from '../workspace/truth-module.js';
import { assertWillCompare } from './check.js';
import { readContestants, type Contestants, type GivenAnswers } from './contestants.js';
import { openJudges, type EvaluationJudges } from './judges.js';

/** Everything an evaluation works with, opened and checked before the first call is paid for. */
export interface Evaluation extends Omit<Contestants, 'stores'> {
  config: ScoringConfig;
  baseDir: string;
  folder: string;
  /** What the evaluation leaves behind. No other process can work in the folder until `close`. */
  store: RunStore;
  /** Replies that this evaluation, or a run whose answers it judges, has paid for. */
  replies: CommonReplies;
  judges: EvaluationJudges;
  truth: TruthScore | null;
  /** What the folder's `config.yaml` says of who scores the answers. */
  claimed: ClaimedGraders;
  /** The names of models that are checkpoints of one training, in order. */
  order: string[];
}

/** What is said beside the configuration. */
export interface EvaluationOptions {
  /** Stored answers. */
  answers?: readonly GivenAnswers[];
  /** In place of `evaluation.order`. */
  order?: readonly string[];
}

/** As `main-job.ts` says. */
export async function openEvaluation(
  { config, baseDir, text }: Loaded<ScoringConfig>,
  folder: string = resolve(baseDir, config.output),
  { answers = [], order = config.evaluation.order ?? [] }: EvaluationOptions = {},
): Promise<Evaluation> {
  const { truth: module } = config.evaluation;
  const truth = module === undefined ? null : await loadTruth(resolve(baseDir, module));
  const { stores, ...contestants } = await readContestants({ config, baseDir, text }, answers);
  let store: RunStore | undefined;
  const close = (): void => [...(store ? [store] : []), ...stores].forEach((one) => one.close());
  try {
    const names = contestants.contestants.map(({ name }) => name);
    const unknown = order.filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      throw new InputError([
        { message: `order: expected names of models (${names.join(', ')}), got ${unknown.join(', ')}` },
      ]);
    }
    store = openRun(folder, { exclusive: true });
    const { memory, threads } = store.computedWith(engineSettings());
    const engine = { memory, threads, ...config.engine };
    const replies = new CommonReplies();
    [store, ...stores].forEach((one) => replies.add(one));
    const judges = await openJudges({ ...config, engine }, baseDir, replies);
    const opened = {
      ...contestants,
      config: { ...config, engine },
      baseDir,
      folder,
      store: { ...store, close },
      replies,
      judges,
      truth,
      order: [...order],
    };
    assertWillCompare(opened);
    const inputs = await claim(opened);
    const claimed = claimedGradersSchema.parse({ ...inputs, config: opened.config });
    return { ...opened, claimed, ...withoutRepeats(opened, claimed) };
  } catch (error) {
    close();
    throw error;
  }
}

/** Without what a judge said of answers before, where it is asked again, or where it is not the same judge for all models. */
function withoutRepeats(
  { contestants, remarks, judges }: Pick<Evaluation, 'contestants' | 'remarks' | 'judges'>,
  claimed: ClaimedGraders,
): Pick<Evaluation, 'contestants' | 'remarks'> {
  const further = judges.further.map(({ name }) => name);
  const now = new Set(Object.values(gradersOf(claimed, further)));
  const then = new Map<string, Set<string>>();
  for (const { known, scoredBy = {} } of contestants)
    for (const [name, by] of Object.entries(scoredBy)) {
      if (!known?.some(({ answers }) => answers.some(({ scores }) => Object.hasOwn(scores, name)))) continue;
      then.set(name, (then.get(name) ?? new Set()).add(by));
    }
  const several = [...then].flatMap(([name, by]) => (by.size > 1 ? [name] : []));
  const again = [...then].flatMap(([name, by]) => ([...by].every((one) => now.has(one)) ? [name] : []));
  const left = new Set([...several, ...again]);
  return {
    remarks: [
      ...remarks,
      ...several.map((name) => `"${name}" is left out: it was not the same judge for all models.`),
    ],
    contestants: contestants.map((one) =>
      one.known === undefined
        ? one
        : {
            ...one,
            known: one.known.map((list) => ({
              ...list,
              answers: list.answers.map((answer) => ({
                ...answer,
                scores: Object.fromEntries(Object.entries(answer.scores).filter(([name]) => !left.has(name))),
              })),
            })),
          },
    ),
  };
}

/** What figures are computed of answers and scores may change: the answers and the scores are there. */
const OF_SUMMARY: ReadonlySet<string> = new Set([
  'order',
  'pass_score',
  'cluster',
  'slices',
  // Their fingerprints stand for these.
  'models',
  'judges',
]);

async function claim({
  folder,
  store,
  config,
  baseDir,
  contestants,
  judges,
  tasks,
}: Omit<Evaluation, 'claimed'>): Promise<Pick<ClaimedGraders, 'data' | 'models'>> {
  const { seed, reward, evaluation } = config;
  const files = [
    { name: tasks.length > 0 ? config.data?.eval : undefined, isModule: false },
    { name: evaluation.truth, isModule: true },
    ...filesOfChecks(reward.checks),
  ];
  const hashes = await Promise.all(
    files.map(async ({ name, isModule = false }): Promise<[string, string][]> => {
      if (name === undefined) return [];
      const path = resolve(baseDir, name);
      return [[name, isModule ? hashOfModule(path) : await sha256OfFile(path)]];
    }),
  );
  const asked = [judges.judge, judges.heldout, judges.duelist, ...judges.further].filter(
    (one) => one !== null,
  );
  const decides = Object.entries(evaluation).filter(([key]) => !OF_SUMMARY.has(key));
  const inputs = {
    config: { seed, reward, evaluation: Object.fromEntries(decides) },
    data: Object.fromEntries(hashes.flat()),
    // In the order of their names: that of tables is another matter.
    models: Object.fromEntries(
      [
        ...contestants.map(({ name, fingerprint }): [string, string] => [`model ${name}`, fingerprint]),
        ...asked.map(({ name, judge }): [string, string] => [name, judge.fingerprint]),
      ].sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    role: { evaluation: true },
  };
  await claimAs(folder, store, inputs, config);
  return inputs;
}
