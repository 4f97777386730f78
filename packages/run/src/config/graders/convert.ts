import { parseFormula, SIMILARITY_METRICS } from '@touchstone/core';
import type { JsonObject } from '@touchstone/spec';
import type { Grader, SingleGrader } from './schema.js';
import { convertTemplate, Unsupported } from './template.js';

/** What of a configuration a grader says. */
export interface Converted {
  name: string;
  seed?: number;
  judge?: JsonObject;
  reward: JsonObject;
  /** What is not carried over, or not as it was. */
  warnings: string[];
}

type ModelGrader = Extract<SingleGrader, { type: 'score_model' | 'label_model' }>;
type RuleGrader = Exclude<SingleGrader, ModelGrader | { type: 'python' }>;

/**
 * A configuration whose reward scores as the grader does.
 *
 * @throws {Unsupported} where it cannot: Python, metrics that depend on what OpenAI does not publish, several models.
 */
export function convertGrader(grader: Grader): Converted {
  const warnings: string[] = [];
  const name = (grader.name ?? 'grader').replace(/[^\w. -]/g, '-').replace(/^[^\w]+/, '') || 'grader';
  warnUnused(grader, warnings);
  if (grader.type === 'multi') return { name, ...convertMulti(grader, warnings), warnings };
  if (isModel(grader)) {
    const { judge, seed } = convertModel(grader, warnings);
    return { name, ...seed, judge, reward: {}, warnings };
  }
  return { name, reward: { checks: [{ ...convertRule(grader, checkName(name)), weight: 1 }] }, warnings };
}

function convertMulti(
  { graders, calculate_output }: Extract<Grader, { type: 'multi' }>,
  warnings: string[],
): Pick<Converted, 'seed' | 'judge' | 'reward'> {
  const formula = parse(calculate_output);
  const unknown = formula.names.find((name) => !Object.hasOwn(graders, name));
  if (unknown !== undefined) throw new Unsupported(`calculate_output: there is no grader "${unknown}"`);
  const used = Object.entries(graders).filter(([key]) => formula.names.includes(key));
  for (const key of Object.keys(graders))
    if (!formula.names.includes(key))
      warnings.push(`graders.${key}: calculate_output does not use it; left out`);

  const checks: JsonObject[] = [];
  const models: { key: string; grader: ModelGrader }[] = [];
  for (const [key, grader] of used) {
    warnUnused(grader, warnings, `graders.${key}.`);
    if (isModel(grader)) models.push({ key, grader });
    else checks.push(within(key, () => convertRule(grader, key)));
  }
  if (models.length > 1) {
    throw new Unsupported(
      `${models.map(({ key }) => key).join(' and ')}: a reward has one judge; ask for both in one prompt, or keep one`,
    );
  }
  const ranges = new Map(used.map(([key, grader]) => [key, rangeOf(grader)]));
  const [model] = models;
  const expression = model
    ? withJudge(calculate_output, model.key, ranges.get(model.key)!)
    : calculate_output;
  const range = reach(formula, ranges, warnings);
  const converted = model && within(model.key, () => convertModel(model.grader, warnings));
  return {
    ...converted?.seed,
    ...(converted ? { judge: converted.judge } : {}),
    reward: {
      ...(checks.length > 0 ? { checks } : {}),
      formula: { expression, ...(range[0] === 0 && range[1] === 1 ? {} : { range }) },
    },
  };
}

function convertRule(grader: SingleGrader, name: string): JsonObject {
  switch (grader.type) {
    case 'string_check':
      return { type: 'string-check', name, ...comparedOf(grader), operation: grader.operation };
    case 'text_similarity': {
      const { evaluation_metric: metric } = grader;
      if (!(SIMILARITY_METRICS as readonly string[]).includes(metric)) {
        const why = Object.hasOwn(WITHOUT_METRIC, metric) ? `: ${WITHOUT_METRIC[metric]}` : '';
        throw new Unsupported(
          `evaluation_metric ${metric}${why}; known are ${SIMILARITY_METRICS.join(', ')}`,
        );
      }
      return { type: 'text-similarity', name, ...comparedOf(grader), metric };
    }
    default:
      throw new Unsupported(
        'a Python grader does not run in Touchstone; port its grade(sample, item) to a check: ' +
          '{ type: code, module: ./grade.ts }, whose default export is ({ task, response }) => number in 0 to 1',
      );
  }
}

const WITHOUT_METRIC: Record<string, string> = {
  bleu: 'a BLEU of one sentence depends on the smoothing, which OpenAI does not publish',
  meteor: 'METEOR needs the synonyms of WordNet',
  cosine: "it compares embeddings of OpenAI's own model",
};

function comparedOf({ input, reference }: Extract<RuleGrader, { input: string }>): JsonObject {
  return { input: convertTemplate(input), reference: convertTemplate(reference) };
}

function convertModel(
  grader: ModelGrader,
  warnings: string[],
): { judge: JsonObject; seed?: { seed: number } } {
  const params = grader.sampling_params ?? {};
  const number = (...keys: string[]): number | undefined =>
    keys.map((key) => params[key]).find((value) => typeof value === 'number');
  const tokens = number('max_completions_tokens', 'max_completion_tokens', 'max_tokens');
  // OpenAI's reasoning models refuse a temperature.
  const reasons = /^(?:o\d|gpt-5)/.test(grader.model);
  const temperature = reasons ? null : number('temperature');
  const seed = number('seed');
  const known = ['max_completions_tokens', 'max_completion_tokens', 'max_tokens', 'temperature', 'seed'];
  for (const [key, value] of Object.entries(params))
    if (value !== null && !known.includes(key)) warnings.push(`sampling_params.${key}: not carried over`);
  if (temperature === undefined)
    warnings.push(
      "sampling_params.temperature is not set: the judge is asked at 0, not at the API's default",
    );
  return {
    judge: {
      kind: grader.type === 'score_model' ? 'score-model' : 'label-model',
      model: `openai-compatible:${grader.model}`,
      base_url: 'https://api.openai.com/v1',
      api_key_env: 'OPENAI_API_KEY',
      messages: grader.input.map(({ role, content }) => ({
        role: role === 'developer' ? 'system' : role,
        content: convertTemplate(content),
      })),
      ...(grader.type === 'score_model'
        ? { range: rangeOf(grader) }
        : { labels: grader.labels, passing_labels: grader.passing_labels }),
      ...(tokens === undefined ? {} : { max_tokens: tokens }),
      ...(temperature === undefined ? {} : { temperature }),
    },
    ...(seed === undefined || !Number.isInteger(seed) || seed < 0 ? {} : { seed: { seed } }),
  };
}

function isModel(grader: SingleGrader): grader is ModelGrader {
  return grader.type === 'score_model' || grader.type === 'label_model';
}

function rangeOf(grader: SingleGrader): [number, number] {
  return grader.type === 'score_model' ? (grader.range ?? [0, 1]) : [0, 1];
}

/** The formula with the judge, whose score is 0–1, in place of the model grader, whose score is on its range. */
function withJudge(expression: string, key: string, [low, high]: readonly [number, number]): string {
  const span = high - low;
  const scaled = span === 1 ? 'judge' : `${span} * judge`;
  const inner = low === 0 ? scaled : `${low} + ${scaled}`;
  return expression.replace(new RegExp(`\\b${key}\\b`, 'g'), inner === 'judge' ? inner : `(${inner})`);
}

/** Lowest and highest value of the formula where every grader is at an end of its range, and at least 0–1. */
function reach(
  formula: ReturnType<typeof parseFormula>,
  ranges: ReadonlyMap<string, readonly [number, number]>,
  warnings: string[],
): [number, number] {
  const { names } = formula;
  if (names.length > 16) throw new Unsupported('calculate_output: expected at most 16 graders');
  const values = Array.from({ length: 2 ** names.length }, (_, corner) =>
    formula.evaluate((name) => ranges.get(name)![(corner >> names.indexOf(name)) & 1]!),
  );
  if (!values.every(Number.isFinite))
    warnings.push('calculate_output gives no number for some scores; such an answer cannot be scored');
  const finite = values.filter(Number.isFinite);
  const range: [number, number] = [Math.min(0, ...finite), Math.max(1, ...finite)];
  if (range[0] < 0 || range[1] > 1)
    warnings.push(
      `calculate_output reaches from ${range[0]} to ${range[1]}; that becomes 0 to 1 (reward.formula.range)`,
    );
  return range;
}

function parse(expression: string): ReturnType<typeof parseFormula> {
  try {
    return parseFormula(expression);
  } catch (error) {
    throw new Unsupported(`calculate_output: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function within<T>(key: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Unsupported ? new Unsupported(`graders.${key}: ${error.message}`) : error;
  }
}

function checkName(name: string): string {
  return name.replace(/[^A-Za-z0-9_-]/g, '-').replace(/^[^A-Za-z]+/, '') || 'grader';
}

const CARRIED =
  'type name input reference operation evaluation_metric model range labels passing_labels sampling_params graders calculate_output source'.split(
    ' ',
  );

function warnUnused(grader: object, warnings: string[], place = ''): void {
  for (const [key, value] of Object.entries(grader)) {
    if (CARRIED.includes(key) || value === null) continue;
    warnings.push(
      key === 'pass_threshold'
        ? `${place}pass_threshold ${JSON.stringify(value)}: a reward is a number and has no pass mark; not carried over`
        : `${place}${key}: not carried over`,
    );
  }
}
