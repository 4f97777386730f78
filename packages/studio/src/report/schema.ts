import {
  alignmentSummarySchema,
  evaluationRowSchema,
  evaluationSummarySchema,
  summarySchema,
  trainingsSummarySchema,
  type JsonObject,
} from '@touchstone/spec';

/**
 * The published JSON Schema (draft 2020-12) of `summary.json`.
 *
 * @example
 * summaryJsonSchema().$id; // 'https://touchstone.dev/schema/summary.json'
 */
export function summaryJsonSchema(): JsonObject {
  return published(summarySchema, 'summary', 'Summary of a Touchstone run');
}

/** Likewise of the `summary.json` of several trainings. */
export function trainingsJsonSchema(): JsonObject {
  return published(trainingsSummarySchema, 'trainings', 'Summary of a Touchstone run of several trainings');
}

/** Likewise of `evaluation.json`. */
export function evaluationJsonSchema(): JsonObject {
  return published(evaluationSummarySchema, 'evaluation', 'Summary of a Touchstone evaluation');
}

/** Likewise of `alignment.json`. */
export function alignmentJsonSchema(): JsonObject {
  return published(alignmentSummarySchema, 'alignment', 'Alignment of a judge with metrics of production');
}

/** Likewise of a line of `records.jsonl`: what may be left out is not asked for. */
export function recordJsonSchema(): JsonObject {
  return published(evaluationRowSchema, 'record', 'An answer of a model with its scores', 'input');
}

type Schema =
  | typeof summarySchema
  | typeof trainingsSummarySchema
  | typeof evaluationSummarySchema
  | typeof evaluationRowSchema;

function published(
  schema: Schema,
  name: string,
  title: string,
  io: 'input' | 'output' = 'output',
): JsonObject {
  return {
    $id: `https://touchstone.dev/schema/${name}.json`,
    title,
    ...(JSON.parse(JSON.stringify(schema.toJSONSchema({ target: 'draft-2020-12', io }))) as JsonObject),
  };
}
