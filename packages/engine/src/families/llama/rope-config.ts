import { z } from 'zod';

const scaleSchema = z.number().gte(1);

/** How positions beyond the original training are squeezed in, by the name of the method. */
const scalingSchemas = {
  linear: z.strictObject({ rope_type: z.literal('linear'), factor: scaleSchema }),
  llama3: z
    .strictObject({
      rope_type: z.literal('llama3'),
      factor: scaleSchema,
      low_freq_factor: z.number().positive(),
      high_freq_factor: z.number().positive(),
      original_max_position_embeddings: z.int().positive(),
    })
    .refine((s) => s.high_freq_factor > s.low_freq_factor, 'high_freq_factor must be above low_freq_factor'),
};
type RopeScaling = { [K in keyof typeof scalingSchemas]: z.infer<(typeof scalingSchemas)[K]> }[
  'linear' | 'llama3'];

/** Rotary positions: the base of the frequencies, and how they are scaled. */
export interface Rope {
  theta: number;
  scaling: RopeScaling | null;
}

/** The fields that say it: as transformers 4 writes them, and as transformers 5 does. */
export interface RopeFields {
  rope_theta?: number | null | undefined;
  rope_scaling?: Record<string, unknown> | null | undefined;
  rope_parameters?: Record<string, unknown> | null | undefined;
}

/** What transformers takes where a config.json says nothing of it, in all three families. */
const DEFAULT_THETA = 10_000;

/**
 * Reads rotary positions, in either spelling.
 * @throws {Error} when a parameter is missing or unknown, or both spellings are there and differ
 */
export function readRope(fields: RopeFields): Rope {
  const parameters = fields.rope_parameters && flat(fields.rope_parameters);
  const stated = { rope_scaling: fields.rope_scaling, rope_parameters: parameters };
  const thetas = new Set<unknown>();
  const scalings = new Map<string, RopeScaling | null>();
  if (fields.rope_theta != null) thetas.add(fields.rope_theta);
  for (const [name, value] of Object.entries(stated)) {
    if (value === undefined) continue;
    const { rope_theta, ...rest } = value ?? {};
    if (rope_theta !== undefined) thetas.add(rope_theta);
    const scaling = readScaling(name, rest);
    scalings.set(JSON.stringify(scaling), scaling);
  }
  if (thetas.size > 1)
    throw new Error(`rope_theta is stated as ${[...thetas].join(' and as ')}; remove the wrong one`);
  if (scalings.size > 1)
    throw new Error('rope_scaling and rope_parameters contradict each other; remove the wrong one');
  const [scaling = null] = scalings.values();
  const [theta] = thetas;
  if (theta === undefined && scaling !== null)
    throw new Error('rope_theta is missing: positions are scaled, and nothing says from which base');
  return {
    theta: z
      .number()
      .positive()
      .parse(theta ?? DEFAULT_THETA, { error: () => 'rope_theta must be above 0' }),
    scaling,
  };
}

/** The same facts in the spelling of `source`, each stated once. */
export function ropeStatedOnce<T extends RopeFields>(source: T, { theta, scaling }: Rope): T {
  if (source.rope_parameters) {
    const { rope_theta: _, rope_scaling: __, ...rest } = source;
    const parameters = { rope_theta: theta, ...(scaling ?? { rope_type: 'default' }) };
    return { ...rest, rope_parameters: parameters } as unknown as T;
  }
  return source.rope_scaling ? { ...source, rope_theta: theta, rope_scaling: scaling } : source;
}

/** Transformers 5 may state the parameters for each kind of layer; here every layer has full attention. */
function flat(parameters: Record<string, unknown>): Record<string, unknown> {
  const { full_attention: full, ...others } = parameters;
  if (full === undefined) return parameters;
  const [other] = Object.keys(others).filter((kind) => others[kind] !== null);
  if (other !== undefined) throw new Error(`rope_parameters.${other}: the engine has full attention only`);
  return z.record(z.string(), z.unknown()).parse(full);
}

function readScaling(
  field: string,
  { type, rope_type, partial_rotary_factor = 1, ...rest }: Record<string, unknown>,
): RopeScaling | null {
  if (type !== undefined && rope_type !== undefined && type !== rope_type)
    throw new Error(`${field}: type and rope_type contradict each other; remove the wrong one`);
  if (partial_rotary_factor !== 1)
    throw new Error(`${field}.partial_rotary_factor: the engine rotates whole heads only`);
  const method = rope_type ?? type ?? 'default';
  const [unknown] = Object.keys(rest);
  if (method === 'default') {
    if (unknown === undefined) return null;
    throw new Error(`${field}.${unknown}: has no meaning without a rope_type`);
  }
  if (method !== 'linear' && method !== 'llama3') {
    const known = ['default', ...Object.keys(scalingSchemas)].join(', ');
    throw new Error(`${field}: rope_type ${JSON.stringify(method)} is not supported; known: ${known}`);
  }
  const parsed = scalingSchemas[method].safeParse({ rope_type: method, ...rest });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error([`${field}`, ...issue!.path].join('.') + `: ${issue!.message}`);
}
