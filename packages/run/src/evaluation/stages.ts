import { z } from 'zod';
import type { Stage } from '../stages/stage.js';
import { evaluationOf } from '../stages/stages.js';

const scores = z.record(z.string(), z.number().nullable());

/** What answers came with, beside what the table of answers holds: by training and answer, in their order there. */
const extrasSchema = z.strictObject({
  seeds: z.array(z.int().nullable()),
  answers: z.array(z.array(z.strictObject({ scores, tokens: z.number().nullable() }))),
});
export type Extras = z.output<typeof extrasSchema>;

/** Answers of a model and what judge, held-out judge and truth say of them. They are stored as rollouts, of each training under its place. */
export const EVALUATED = (model: string): Stage<Extras> => ({
  ...evaluationOf(model),
  schema: extrasSchema,
});

const PREFIX = evaluationOf('').name;
/** The model that a stage has evaluated; undefined: it is another stage. */
export const nameOfStage = (stage: string): string | undefined =>
  stage.startsWith(PREFIX) ? stage.slice(PREFIX.length) : undefined;

/** Answers that a model was asked for, before anybody has judged them. */
export const DRAWN = (model: string): Stage<null> => ({
  name: `answers of ${model}`,
  title: `Answers of ${model}`,
  schema: z.null(),
});

/** By training and answer; null where the judge abstained. */
const furtherSchema = z.array(z.array(z.number().min(0).max(1).nullable()));

/** What a further judge says of a model's answers. */
export const FURTHER = (model: string, judge: string): Stage<(number | null)[][]> => ({
  // As a list: with words between them two pairs of names could read alike.
  name: `judge ${JSON.stringify([model, judge])}`,
  title: `Judge ${model} by ${judge}`,
  schema: furtherSchema,
});

const duelsSchema = z.array(
  z.strictObject({
    taskId: z.string(),
    sample: z.int().nonnegative(),
    a: z.string(),
    b: z.string(),
    outcome: z.union([z.literal(1), z.literal(0.5), z.literal(0)]).nullable(),
    consistent: z.boolean(),
  }),
);

/** Pairs of models' answers, compared by a preference judge. */
export const DUELS: Stage<z.output<typeof duelsSchema>> = {
  name: 'duels',
  title: 'Compare the models pair by pair',
  schema: duelsSchema,
};
