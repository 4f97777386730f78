import type { CallsConfig } from '../schema.js';

/** What a configuration says that a provider lets through. */
export type Limits = Pick<CallsConfig, 'concurrency' | 'requests_per_minute' | 'tokens_per_minute'>;
export type Rates = Pick<Limits, 'requests_per_minute' | 'tokens_per_minute'>;

/** Milliseconds after which is forgotten what nobody says any more: a limit that was declared, a process that is silent. */
export const FORGET_MS = 15_000;

const NAMES = ['requests_per_minute', 'tokens_per_minute', 'concurrency'] as const;

/**
 * The limits that several judges declare of one account and model: the lowest holds, for as long as calls are made that
 * declare it. A refusal would be stricter, but a fleet that is restarted with another limit has both for a while.
 */
export class DeclaredLimits {
  #lowest: Limits;
  #isTold = false;
  readonly #saidAt = { requests_per_minute: -Infinity, tokens_per_minute: -Infinity, concurrency: -Infinity };

  /** @param onConflict told once of limits that differ. */
  constructor(
    private readonly model: string,
    first: Limits,
    private readonly onConflict: (message: string) => void,
  ) {
    this.#lowest = first;
  }

  current(): Limits {
    return this.#lowest;
  }

  /** Of a call that is made now. Returns whether other limits hold than before. */
  declare(limits: Limits, now: number): boolean {
    const conflict = this.#isTold ? undefined : conflictOf(this.model, limits, this.#lowest);
    if (conflict !== undefined) this.onConflict(conflict);
    this.#isTold ||= conflict !== undefined;
    let isChanged = false;
    for (const name of NAMES) {
      const [value, lowest] = [limits[name], this.#lowest[name]];
      const isStale = now - this.#saidAt[name] > FORGET_MS;
      if (!isStale && (value === undefined || value > (lowest ?? Infinity))) continue;
      this.#saidAt[name] = now;
      if (value === lowest) continue;
      this.#lowest = { ...this.#lowest, [name]: value };
      isChanged = true;
    }
    return isChanged;
  }
}

/** What to say of two that declare different limits of one model; undefined where they do not. */
export function conflictOf(
  model: string,
  one: Rates & Partial<Limits>,
  other: Rates & Partial<Limits>,
): string | undefined {
  for (const name of NAMES) {
    const [a, b] = [one[name], other[name]];
    if (a === undefined || b === undefined || a === b) continue;
    return `${model} is asked with ${name}: ${a} and with ${name}: ${b}; the lower holds for all`;
  }
  return undefined;
}
