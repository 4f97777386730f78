import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { randomPairs } from '@touchstone/lab';
import { InputError, type Reward } from '@touchstone/spec';
import { openRun } from '@touchstone/store';
import type { Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';
import { JUDGE_ALONE, openRewards } from '../workspace/examination.js';
import { journalOf, journalsIn } from './journals.js';
import { Labelling } from './labelling.js';
import { fieldsNamed } from '../config/task-fields.js';
import { opinionIn, type PoolAnswer, readPool } from './pool.js';
import { questionsOf } from './questions.js';
import { drawSample, readSample, type Sample } from './sample.js';

export interface LabellingOptions {
  rater: string;
  /** Default: `labels` beside the configuration. */
  folder?: string | undefined;
  /** The folder of a run, or a file of JSON Lines. Default: what the folder's sample is of, else the run in `output`. */
  answers?: string | undefined;
  /** How many answers the sample has at least, about. Default: those it has, else 100. */
  count?: number | undefined;
  /** Asks the judge, and the held-out judge, about answers of which no verdict is known, before the sample is drawn. */
  ask?: boolean | undefined;
  /** Draws nothing: the folder must have a sample. */
  existing?: boolean | undefined;
  /** Told what happens, for people. */
  onNote?: (text: string) => void;
}

const DEFAULT_COUNT = 100;
const FOLDER = 'labels';

/**
 * Opens the labels of a folder for one person, and draws what is labelled where the folder has nothing yet or less than is asked for.
 *
 * @throws {InputError} there is no judge whose criteria could be labelled, or nothing to label, or the folder is of other answers.
 */
export async function openLabelling(
  { config, baseDir }: Loaded<ScoringConfig>,
  options: LabellingOptions,
): Promise<Labelling> {
  const { judge } = config;
  if (judge === undefined) {
    throw new InputError([
      { message: 'expected a judge in the configuration: its criteria are what is labelled' },
    ]);
  }
  const folder = options.folder === undefined ? resolve(baseDir, FOLDER) : resolve(options.folder);
  const journal = journalOf(folder, options.rater, await journalsIn(folder));
  const there = await readSample(folder);
  if (options.existing && !there) {
    throw InputError.at(
      { file: folder },
      'expected a folder with labels, found none: "judge label" without --agreement begins one',
    );
  }
  const isEnough = there && options.answers === undefined && (options.count ?? 0) <= there.answers.length;
  const sample = isEnough ? there : await draw(folder, { ...config, judge }, baseDir, options, there);
  return new Labelling(folder, journal, sample, questionsOf(judge));
}

async function draw(
  folder: string,
  config: ScoringConfig & { judge: NonNullable<ScoringConfig['judge']> },
  baseDir: string,
  { answers, count, ask, onNote = () => {} }: LabellingOptions,
  there: Sample | undefined,
): Promise<Sample> {
  const output = resolve(baseDir, config.output);
  const source = answers === undefined ? (there?.source ?? output) : resolve(answers);
  if (answers === undefined && !there && !existsSync(join(output, 'run.db'))) {
    throw new InputError([
      {
        message: `expected answers to label: --answers with the folder of a run, or with a file of JSON Lines that has a task and a "response" on each line; there is no run in ${output}`,
      },
    ]);
  }
  const { seed } = there ?? config;
  const pool = await readPool(source, config.reward, fieldsNamed(config));
  const questions = questionsOf(config.judge);
  const usable = pool.answers.filter(({ answer }) => questions.itemsOf(answer).length > 0);
  if (usable.length === 0) {
    throw InputError.at(
      { file: source },
      'no answer is a JSON list, of whose items the judge judges each: nothing to label',
    );
  }
  const known = ask ? await withVerdicts(usable, { ...config, seed }, baseDir, output, onNote) : usable;
  const sample = await drawSample(folder, known, {
    source,
    count: count ?? there?.answers.length ?? DEFAULT_COUNT,
    seed,
  });
  for (const note of notesOf(sample, { ...pool, unusable: pool.answers.length - usable.length }, known))
    onNote(note);
  return sample;
}

/** What somebody should know of a sample, before its labels are made. */
function notesOf(
  { tasks, answers, pool }: Sample,
  { blank, repeated, unusable }: { blank: number; repeated: number; unusable: number },
  known: readonly PoolAnswer[],
): string[] {
  const judged = known.filter(({ judge }) => judge !== null).length;
  const contested = tasks.filter((task) => task.contested).length;
  const several = tasks.filter((task) => task.answers.length > 1).length;
  const how =
    judged === 0
      ? 'No verdict of a judge is known of these answers, so all were drawn at random (--ask asks the judge first)'
      : pool.contested === 0
        ? 'The judge is sure of every answer, so all were drawn at random'
        : `Half were drawn at random, the others from tasks of which the judge is unsure or the held-out judge says otherwise: ${contested} of ${pool.contested} such tasks`;
  const left = [
    ...(blank > 0 ? [`${blank} blank`] : []),
    ...(repeated > 0 ? [`${repeated} that repeat another`] : []),
    ...(unusable > 0 ? [`${unusable} without an item`] : []),
  ];
  return [
    `Sample: ${answers.length} of ${known.length} answers, to ${tasks.length} of ${pool.tasks} tasks${left.length > 0 ? `; left out: ${left.join(', ')}` : ''}.`,
    `${how}.`,
    ...(several === 0
      ? [
          'No task has several answers: whether the judge puts answers to a task in the right order, which training learns from, cannot be known from these.',
        ]
      : []),
  ];
}

/** With what the judges say of the answers that may be drawn, where nothing is known. Replies go into the run's store. */
async function withVerdicts(
  answers: readonly PoolAnswer[],
  config: Parameters<typeof openRewards>[0],
  baseDir: string,
  output: string,
  onNote: (text: string) => void,
): Promise<PoolAnswer[]> {
  const mayBeDrawn = randomPairs(
    answers.map(({ key, task }) => ({ key, task: task.id })),
    config.seed,
  );
  const asked = answers.filter(({ key, judge }) => judge === null && mayBeDrawn.has(key));
  if (asked.length === 0) return [...answers];
  const store = openRun(output, { exclusive: true });
  try {
    const { reward, heldout } = await openRewards(
      { ...config, reward: { ...JUDGE_ALONE, answer: config.reward.answer } },
      baseDir,
      store,
    );
    onNote(`Asking the judge${heldout ? ' and the held-out judge' : ''} about ${asked.length} answers …`);
    const rollouts = asked.map(({ key, task, response }) => ({
      id: key,
      task,
      response,
      finish: 'stop' as const,
      group: task.id,
      policy: '',
    }));
    const [judged, other] = await Promise.all([reward.score(rollouts), heldout?.reward.score(rollouts)]);
    const said = new Map(
      asked.map(({ key }, i): [string, [Reward, Reward | null]] => [key, [judged[i]!, other?.[i] ?? null]]),
    );
    return answers.map((one) => {
      const [judge, heldout] = said.get(one.key) ?? [null, null];
      return said.has(one.key) ? { ...one, judge: opinionIn(judge), heldout: opinionIn(heldout) } : one;
    });
  } finally {
    store.close();
  }
}
