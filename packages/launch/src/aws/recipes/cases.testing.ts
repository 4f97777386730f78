import { random, type JsonValue, type Random } from '@touchstone/spec';
import { ARTICLE, REWARD_FUNCTION } from './job.testing.js';
import { TARGETS, type Limits, type Target, type Tuning } from './key.js';
import { KEY_NAMES, KEYS } from './keys.js';

/** What is asked of this room and of AWS's SDKs alike. */
export interface Case {
  target: Target;
  platform: 'hyperpod' | 'training-job';
  tuning: Tuning;
  name: string;
  data: string;
  output: string;
  rewardFunction: string;
  instances: number;
  overrides: Record<string, JsonValue>;
  /** Whole numbers are written without a point, though the key is a float. */
  withoutPoint: boolean;
}

const RANDOM_SETS = 50;

/** The article's overrides in each target, also with a length that the SDKs take, and 50 random sets in each: half of them with one value that is wrong. */
export function cases(seed: number): Case[] {
  return TARGETS.flatMap((target) => {
    const one = (
      tuning: Tuning,
      instances: number,
      overrides: Case['overrides'],
      withoutPoint = false,
    ): Case => ({
      withoutPoint,
      target,
      platform:
        target === 'hyperpod' || (target === 'evaluation' && instances > 4) ? 'hyperpod' : 'training-job',
      tuning,
      name: 'contracts-1',
      data: 's3://bucket/train.jsonl',
      output: 's3://bucket/out/',
      rewardFunction: REWARD_FUNCTION,
      instances: target === 'evaluation' ? 1 : instances,
      overrides,
    });
    const sets = Array.from({ length: RANDOM_SETS }, (_, i) => {
      const draw = random(seed, target, i);
      const full = (target === 'hyperpod' || target === 'training-job') && draw.next() < 0.2;
      const overrides = { ...validSet(draw, target), ...(i % 2 === 0 ? {} : wrong(draw)) };
      return one(full ? 'full' : 'lora', draw.pick([2, 4, 8]), overrides, i % 10 === 0);
    });
    return [one('lora', 4, { ...ARTICLE }), one('lora', 4, { ...ARTICLE, max_length: 32_768 }), ...sets];
  });
}

function validSet(draw: Random, target: Target): Case['overrides'] {
  const names = draw.shuffle(KEY_NAMES.filter((key) => KEYS[key].from === undefined));
  const known = names.filter((key) => KEYS[key].in[target]).slice(0, 1 + draw.integer(7));
  const ignored = names.filter((key) => !KEYS[key].in[target]).slice(0, draw.integer(3));
  return Object.fromEntries(
    [...known, ...ignored].map((key) => {
      const { type, in: places, also = [], limits } = KEYS[key];
      const place = places[target];
      const own = place ? place.path.split('.').pop()! : key;
      const allowed =
        (draw.next() < 0.85 ? place?.hub : undefined) ?? place?.limits ?? limits ?? place?.hub ?? {};
      return [draw.next() < 0.75 ? own : draw.pick([key, ...also]), value(draw, type, allowed)];
    }),
  );
}

function value(draw: Random, type: string, { values, min = 1, max }: Limits): JsonValue {
  if (values) return draw.pick(values);
  if (type === 'boolean') return draw.next() < 0.5;
  if (type === 'integer') return min + draw.integer((max ?? 6000) - min + 1);
  const most = max ?? 1;
  return draw.pick([min, most, Number((min + draw.next() * (most - min)).toPrecision(3))]);
}

/** One value out of range, of another type, or of a key that nobody has. */
function wrong(draw: Random): Case['overrides'] {
  return draw.pick<Case['overrides']>([
    { number_generation: 32 },
    { number_generation: 1 },
    { max_steps: 2 },
    { max_steps: 12.5 },
    { max_steps: '100' },
    { save_steps: 200_000 },
    { lr: 0.1 },
    { lr: '1e-5' },
    { alpha: 48 },
    { global_batch_size: 8 },
    { global_batch_size: 'many' },
    { max_length: 'long' },
    { max_new_tokens: 0.5 },
    { temperature: 'hot' },
    { temperature: 3 },
    { reasoning_effort: 'medium' },
    { reasoning_effort: true },
    { top_k: -7 },
    { top_p: 1.5 },
    { top_logprobs: 21 },
    { age_tolerance: 40 },
    { refit_freq: 9 },
    { ent_coeff: 0.5 },
    { shuffle: 'no' },
    { max_lenght: 9000 },
    { epochCount: 51 },
    { batchSize: 1024 },
    { evalInterval: 101 },
    { loraplus_lr_ratio: 300 },
    { save_steps: 99_999, max_steps: 10 },
  ]);
}
