/*
 * What the containers print of a step, a line each. A training job: `step:295 - critic/rewards/mean:0.61 - …`. HyperPod:
 * `Training epoch 0, iteration 3/20 | lr: 1e-06 | global_step: 3 | … | consumed_samples: 192`.
 */

/** What a training makes known of a step. */
export interface JobStep {
  /** 1-based. */
  step: number;
  /** By the trainer's own names; null: it says NaN or infinite. */
  metrics: Record<string, number | null>;
  /** Of the step's making, where the trainer says it. */
  seconds: number | null;
}

/** A line that holds a step. */
export interface LogLine extends JobStep {
  /** The key that stands last: where another does, the line may have been cut. */
  tail: string;
  count: number;
}

const TRAINING_JOB = /(?:^|\s)step:(\d+) - (.*)$/;
const HYPERPOD = /(?:^|\s)Training epoch \d+, iteration \d+\/\d+ \| (.*)$/;
/** As Python prints a number; one that ends in a point or an `e` was cut. */
const NUMBER = /^[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|nan|inf)$/i;
const WRAPPED = /^(?:np\.)?(?:float|int|uint)\d+\((.+)\)$/;
/** Their names of the step's time in seconds, the most exact first. */
const SECONDS = ['timing_s/step', 'perf/time_per_step', 'train_step_timing in s'];
const STEP = ['global_step', 'training/global_step'];

const LONGEST_LINE = 65_536;
const MOST_METRICS = 1000;
const LAST_STEP = 10_000_000;

/** Reads one line: a step, `damaged` (it begins as one), or null (another line of the log). */
export function parseLogLine(line: string): LogLine | 'damaged' | null {
  const [, said, ofJob] = TRAINING_JOB.exec(line) ?? [];
  const [, ofPod] = said === undefined ? (HYPERPOD.exec(line) ?? []) : [];
  const text = ofJob ?? ofPod;
  if (text === undefined) return null;
  if (line.length > LONGEST_LINE) return 'damaged';
  const items = text.split(said === undefined ? ' | ' : ' - ');
  const metrics = new Map<string, number | null>();
  const steps = said === undefined ? [] : [Number(said)];
  let tail = '';
  for (const [i, item] of items.entries()) {
    const colon = item.lastIndexOf(':');
    const key = item.slice(0, colon).trim();
    if (colon < 0 || !/^\S(?:.{0,254}\S)?$/.test(key)) return 'damaged';
    const value = numberOf(item.slice(colon + 1).trim());
    const isLast = i === items.length - 1;
    if (value === undefined) {
      // A text in the middle is no metric. What stands last may be half a number.
      if (isLast) return 'damaged';
      continue;
    }
    if (isLast) tail = key;
    if (STEP.includes(key)) steps.push(value ?? NaN);
    else if (metrics.has(key) && metrics.get(key) !== value) return 'damaged';
    else metrics.set(key, value);
  }
  const [step = NaN] = steps;
  if (
    new Set(steps).size !== 1 ||
    !Number.isSafeInteger(step) ||
    step > LAST_STEP ||
    metrics.size > MOST_METRICS
  )
    return 'damaged';
  // Step 0 is a validation before anything was trained.
  return step < 1 ? null : { ...stepOf(step, metrics), tail, count: metrics.size };
}

/** A step without what stood last in its line. */
export function withoutTail({ step, metrics, tail }: LogLine): JobStep {
  return stepOf(step, new Map(Object.entries(metrics).filter(([key]) => key !== tail)));
}

function stepOf(step: number, given: ReadonlyMap<string, number | null>): JobStep {
  const metrics = Object.fromEntries(given);
  return { step, metrics, seconds: secondsOf(metrics) };
}

/** How long a step took, by the trainer's own figures; null: none of them says it. */
export const secondsOf = (metrics: Readonly<Record<string, number | null>>): number | null =>
  SECONDS.map((key) => metrics[key]).find((value) => value != null && value >= 0) ?? null;

/** Undefined: no number; null: one that no figure can be. */
function numberOf(text: string): number | null | undefined {
  const bare = WRAPPED.exec(text)?.[1] ?? text;
  if (!NUMBER.test(bare)) return undefined;
  const value = Number(bare);
  return Number.isFinite(value) ? value : null;
}
