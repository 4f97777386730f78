import { join } from 'node:path';
import type { DrawnAnswer, DrawnStep, TrainingJob } from '@touchstone/run';
import { RunError } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import { z } from 'zod';
import { LineReader, wrongLine } from '../line-reader.js';
import type { GivenAnswers } from './answers.js';
import { learnedOf } from './metrics.js';
import { nameOf, placesOf } from './plan.js';

/*
 * What verl writes while it trains: its file logger's line for each step (`metrics.jsonl`), and a file for each step with a line for
 * each answer (`rollouts/STEP.jsonl`), which is finished after the line, in a thread of its own.
 */

export const METRICS = 'metrics.jsonl';
export const ROLLOUTS = 'rollouts';

const LONGEST_LINE = 2 ** 27;
/** verl computes with 32 bits, and adds up a mean. */
const ROUNDING = 1e-4;

// What verl writes besides is of no use here, and changes nothing of what is.
const loggedSchema = z.looseObject({
  step: z.int().min(1),
  data: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])),
});
const answerSchema = z.looseObject({
  output: z.string(),
  gts: z.string(),
  score: z.number(),
  step: z.int(),
  uid: z.string(),
});
type DumpedAnswer = z.output<typeof answerSchema>;

export interface LoggedStep {
  step: number;
  figures: Record<string, number | null>;
}

/** Reads verl's logger of one attempt as it writes. */
export class MetricsReader {
  private readonly lines: LineReader;
  constructor(private readonly attempt: string) {
    this.lines = new LineReader(join(attempt, METRICS), LONGEST_LINE);
  }

  /** The steps since the last time. @throws {RunError} a line is not what verl's logger writes. */
  async *read(): AsyncGenerator<LoggedStep> {
    for await (const { number, value } of this.lines.read()) {
      const { success, data, error } = loggedSchema.safeParse(value);
      const file = join(this.attempt, METRICS);
      if (!success) throw wrongLine(file, number, `is not what verl's file logger writes: ${firstOf(error)}`);
      const figures = Object.entries(data.data).filter(
        (entry): entry is [string, number | null] => entry[1] === null || typeof entry[1] === 'number',
      );
      yield { step: data.step, figures: Object.fromEntries(figures) };
    }
  }
}

/**
 * The answers of a step as verl has dumped them; null while the file is not whole.
 *
 * @param count answers of a step.
 * @throws {RunError} a line is not what verl dumps, or there are more of them.
 */
export async function dumpOf(attempt: string, step: number, count: number): Promise<DumpedAnswer[] | null> {
  const file = join(attempt, ROLLOUTS, `${step}.jsonl`);
  const found: DumpedAnswer[] = [];
  for await (const { number, value } of new LineReader(file, LONGEST_LINE).read()) {
    const { success, data, error } = answerSchema.safeParse(value);
    if (!success) throw wrongLine(file, number, `is not what verl dumps of an answer: ${firstOf(error)}`);
    if (data.step !== step) throw wrongLine(file, number, `is of step ${data.step}, not ${step}`);
    found.push(data);
  }
  if (found.length > count) {
    throw new RunError(
      `${file}: ${found.length} answers; expected ${count} (prompts_per_step × group_size). verl has filled up the step, or drew others`,
    );
  }
  return found.length === count ? found : null;
}

/**
 * A step as verl has written it, held against what it was given.
 *
 * @throws {RunError} naming what is not as it was given: another row, another text, another number, a mean of others.
 */
export function drawnStep(
  job: Pick<TrainingJob, 'tasksOf' | 'workspace'>,
  answers: GivenAnswers,
  { step, figures }: LoggedStep,
  dumped: readonly DumpedAnswer[],
): DrawnStep {
  const { group_size } = job.workspace.config.training;
  const places = new Map(
    placesOf(job)
      .filter((row) => row.step === step)
      .map((row) => [nameOf(row), row]),
  );
  const groups_P = [...places.values()].map(({ task }) => ({
    task: task.id,
    answers_G: new Array<DrawnAnswer>(),
  }));
  let hasStandIn = false;
  const compared = new Map<string, string>();
  for (const { output, gts, score, uid } of dumped) {
    const row = places.get(gts);
    if (!row) {
      throw new RunError(
        `verl says of step ${step} that it drew an answer to row ${gts}, which is of another step or run`,
      );
    }
    const { session, group } = drawOf(uid, step, group_size);
    for (const [one, other] of [
      [`group ${group}`, gts],
      [`row ${gts}`, group],
    ] as const) {
      if (compared.has(one) && compared.get(one) !== other) {
        throw new RunError(
          `step ${step}, row ${row.index}: verl has compared answers to different tasks, or not all to one, with one another (${uid})`,
        );
      }
      compared.set(one, other);
    }
    const where = `step ${step}, row ${row.index}, answer ${session}`;
    const given = answers.get(row.index, session);
    if (given?.text !== sha256(output)) {
      throw new RunError(
        `${where}: verl has trained on an answer that no reward was asked for${given ? ', in the place of another' : ''}`,
      );
    }
    if (Math.fround(given.given) !== Math.fround(score)) {
      throw new RunError(`${where}: verl has trained on the reward ${score}; it was given ${given.given}`);
    }
    const { answers_G } = groups_P[row.place]!;
    if (answers_G[session] !== undefined) throw new RunError(`${where}: verl has dumped it twice`);
    hasStandIn ||= given.reason !== null;
    answers_G[session] = {
      text: output,
      tokens: given.tokens,
      finish: given.finish,
      score: given.reason === null ? given.given : null,
      reason: given.reason ?? '',
    };
  }
  const logged = meanOf(step, figures, dumped);
  return {
    step,
    seconds: figures['timing_s/step'] ?? 0,
    learned: learnedOf(figures),
    // Where a number stood in, the mean of what was judged is another one.
    loggedReward: hasStandIn ? null : logged,
    groups_P,
  };
}

/** Of `UID_SESSION_OUTPUT`, as verl names what it has drawn: it compares answers of one UID with one another. */
function drawOf(uid: string, step: number, size: number): { group: string; session: number } {
  const [, group, session, output] = /^(.*)_(\d+)_(\d+)$/s.exec(uid) ?? [];
  if (output === '0' && Number(session) < size) return { group: group!, session: Number(session) };
  throw new RunError(
    `verl says of step ${step} that it drew the answer ${uid}: expected the number of one of ${size} answers in it, with one output each`,
  );
}

/** @throws {RunError} the figures are those of weights that are lost, or of other rewards. */
function meanOf(step: number, figures: LoggedStep['figures'], dumped: readonly DumpedAnswer[]): number {
  for (const name of ['actor/loss', 'actor/grad_norm', 'critic/score/mean', 'timing_s/step']) {
    if (typeof figures[name] === 'number') continue;
    const what = name in figures ? 'is no number, and the weights would be lost by it' : 'is missing';
    throw new RunError(
      `step ${step}: ${name} ${what} in what verl has logged. If it is no number, begin anew with a lower learning rate`,
    );
  }
  const logged = figures['critic/score/mean']!;
  const mean = dumped.reduce((sum, { score }) => sum + score, 0) / dumped.length;
  if (Math.abs(mean - logged) <= ROUNDING) return logged;
  throw new RunError(
    `verl has logged a mean score of ${logged} in step ${step}; what it has dumped has the mean ${mean}`,
  );
}

const firstOf = ({ issues }: z.ZodError): string => `${issues[0]!.path.join('.')}: ${issues[0]!.message}`;
