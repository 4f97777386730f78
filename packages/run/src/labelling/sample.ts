import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonical } from '@touchstone/core';
import { drawAnswersToLabel, type Draw, type Opinion } from '@touchstone/lab';
import { InputError, RunError, type Task } from '@touchstone/spec';
import { sha256, writeWhole } from '@touchstone/store';
import { z } from 'zod';
import type { PoolAnswer } from './pool.js';

/** An answer of a sample: what people are shown. */
export type SampleAnswer = Pick<PoolAnswer, 'key' | 'task' | 'response' | 'answer' | 'model'>;

/** What is labelled in a folder. It holds tasks and answers, so that nothing else is needed to go on. */
export interface Sample extends Draw {
  /** Of what it was drawn from, and the seed: a larger draw from the same is the same sample. */
  id: string;
  seed: number;
  /** Where the answers came from, for people. */
  source: string;
  answers: SampleAnswer[];
}

const VERSION = 1;
const count = z.int().nonnegative();
const taskSchema = z.looseObject({
  id: z.string(),
  messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
  reference: z.json(),
  metadata: z.record(z.string(), z.json()),
});
const sampleSchema = z.object({
  version: z.literal(VERSION),
  id: z.string(),
  seed: count,
  source: z.string(),
  pool: z.object({ tasks: count, contested: count }),
  tasks: z.array(
    z.object({
      task: z.string(),
      answers: z.array(z.string()),
      of: count,
      contested: z.boolean(),
      random: z.boolean(),
    }),
  ),
  answers: z.array(
    z.object({
      key: z.string(),
      task: taskSchema,
      response: z.string(),
      answer: z.string(),
      model: z.string().optional(),
    }),
  ),
});

const sampleFile = (folder: string): string => join(folder, 'sample.json');
/** Apart from what people are shown, so that nobody sees it by chance. */
const verdictsFile = (folder: string): string => join(folder, 'verdicts.json');

/** The sample of a folder; undefined where there is none yet. @throws {RunError} it is not what was written. */
export async function readSample(folder: string): Promise<Sample | undefined> {
  const value = await readJson(sampleFile(folder));
  if (value === undefined) return undefined;
  const { success, data } = sampleSchema.safeParse(value);
  if (success) return { ...data, answers: data.answers.map(asAnswer) };
  throw new RunError(
    `${sampleFile(folder)} is not what "judge label" has written: restore it from a copy, or start a new folder with --out. ` +
      'The labels beside it are whole.',
  );
}

const asAnswer = ({
  model,
  task,
  ...rest
}: z.output<typeof sampleSchema>['answers'][number]): SampleAnswer => ({
  ...rest,
  task: task as Task,
  ...(model === undefined ? {} : { model }),
});

/** What the judge said of the answers of a sample, by key. */
export async function readOpinions(folder: string): Promise<ReadonlyMap<string, Opinion>> {
  const value = (await readJson(verdictsFile(folder))) ?? {};
  return new Map(Object.entries(value as Record<string, Opinion>));
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunError(`${file} is damaged: restore it from a copy, or start a new folder with --out.`, {
      cause,
    });
  }
}

/**
 * Draws the sample of a folder from answers, or a larger one from the same answers, and writes it.
 *
 * @throws {InputError} the folder has a sample of other answers.
 */
export async function drawSample(
  folder: string,
  answers: readonly PoolAnswer[],
  { source, count: wanted, seed }: { source: string; count: number; seed: number },
): Promise<Sample> {
  const candidates = answers.map(({ key, task, judge, heldout }) => ({
    key,
    task: task.id,
    judge: scoreOf(judge),
    heldout: scoreOf(heldout),
  }));
  const id = sha256(canonical([seed, candidates])).slice(0, 16);
  const draw = drawAnswersToLabel(candidates, { count: wanted, seed });
  const byKey = new Map(answers.map((answer) => [answer.key, answer]));
  const drawn = draw.tasks.flatMap((one) => one.answers.map((key) => byKey.get(key)!));
  const sample: Sample = {
    ...draw,
    id,
    seed,
    source,
    answers: drawn.map(({ judge: _, heldout: __, ...shown }) => shown),
  };
  // Somebody else may have drawn it in the meantime: a larger one holds a smaller one.
  const there = await readSample(folder);
  if (there && there.id !== id) {
    throw InputError.at(
      { file: folder },
      `its labels are of other answers (${there.source}), or of these before their verdicts or the seed were changed: ` +
        'name another folder with --out, or go on without --count and --answers',
    );
  }
  if (there && there.answers.length >= sample.answers.length) return there;
  const opinions = drawn.flatMap(({ key, judge }) => (judge ? [[key, withoutTexts(judge)] as const] : []));
  await writeWhole(verdictsFile(folder), `${JSON.stringify(Object.fromEntries(opinions))}\n`);
  await writeWhole(sampleFile(folder), `${JSON.stringify({ version: VERSION, ...sample })}\n`);
  return sample;
}

const scoreOf = (opinion: Opinion | null): number | null =>
  opinion?.answer.status === 'scored' ? opinion.answer.score : null;

/** What agreement is computed from: nothing that could sway who reads it. */
function withoutTexts({ answer, verdicts }: Opinion): Opinion {
  const unsaid = { evidence: '', reason: '' };
  return {
    answer,
    verdicts: verdicts.map((verdict) =>
      verdict.status === 'abstained'
        ? { ...verdict, raw: '' }
        : { ...verdict, raw: '', criteria: verdict.criteria.map((one) => ({ ...one, ...unsaid })) },
    ),
  };
}
