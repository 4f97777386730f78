import {
  alignmentSummarySchema,
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

/** Of `alignment.json`. */
export function alignmentJsonSchema(): JsonObject {
  return published(alignmentSummarySchema, 'alignment', 'Alignment of a judge with metrics of production');
}

type Schema = typeof alignmentSummarySchema | typeof summarySchema | typeof trainingsSummarySchema;

function published(schema: Schema, name: string, title: string): JsonObject {
  return {
    $id: `https://touchstone.dev/schema/${name}.json`,
    title,
    ...(JSON.parse(JSON.stringify(schema.toJSONSchema({ target: 'draft-2020-12' }))) as JsonObject),
  };
}
