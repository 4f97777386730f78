import type { AbstentionReason } from './reward.js';

const marker = Symbol.for('touchstone.error');

/** Exit codes of the command line. */
export const EXIT = { done: 0, failed: 1, badInput: 2, gate: 3, paused: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Every error a user can meet. Recognised by a marker, so that two installed copies agree.
 * The message says what was expected, what came and what to do.
 */
export class TouchstoneError extends Error {
  readonly [marker] = true;
  constructor(
    message: string,
    readonly exitCode: ExitCode,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
  static is(value: unknown): value is TouchstoneError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[marker] === true;
  }
}

/** Where in a user's file something is wrong; line and column are 1-based. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

export function formatPlace({ file, line, column }: Place): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** The configuration, a data file or an argument is wrong. Exit code 2. */
export class InputError extends TouchstoneError {
  constructor(
    readonly problems: readonly { place?: Place; message: string }[],
    options?: { cause?: unknown },
  ) {
    super(
      problems
        .map(({ place, message }) => (place ? `${formatPlace(place)}: ${message}` : message))
        .join('\n'),
      EXIT.badInput,
      options,
    );
  }
  static at(place: Place, message: string, options?: { cause?: unknown }): InputError {
    return new InputError([{ place, message }], options);
  }
}

/** A model provider gave no reply. `reason` is what the verdict becomes if retrying does not help. */
export class ProviderError extends TouchstoneError {
  readonly reason: AbstentionReason;
  readonly isRetryable: boolean;
  /** Other calls to the same model would be refused likewise, for some time: no credit, a key that is not taken, … */
  readonly isLasting: boolean;
  /** Milliseconds the provider asked to wait, when it did. */
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  /** Something may have been spent: false where the provider said no, or was never reached. */
  readonly mayHaveCost: boolean;
  /** What was spent, where that is known; else a call that may have cost something counts with what it was likely to. */
  readonly spent: { inputTokens: number; outputTokens: number } | undefined;
  constructor(
    message: string,
    info: {
      reason: AbstentionReason;
      isRetryable: boolean;
      isLasting?: boolean;
      retryAfterMs?: number;
      status?: number;
      mayHaveCost?: boolean;
      spent?: { inputTokens: number; outputTokens: number };
      cause?: unknown;
    },
  ) {
    super(message, EXIT.failed, { cause: info.cause });
    this.reason = info.reason;
    this.isRetryable = info.isRetryable;
    this.isLasting = info.isLasting ?? false;
    this.retryAfterMs = info.retryAfterMs;
    this.status = info.status;
    this.spent = info.spent;
    this.mayHaveCost = info.mayHaveCost ?? (info.status === undefined || info.status < 300);
  }
}

/** The run cannot go on, though the input is right; running it again resumes it. Exit code 1. */
export class RunError extends TouchstoneError {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, EXIT.failed, options);
  }
}

/** The judge is not fit to train against. Exit code 3. */
export class GateError extends TouchstoneError {
  constructor(message: string) {
    super(message, EXIT.gate);
  }
}

/** A monitor has paused the training; it goes on when somebody has looked and says so. Exit code 4. */
export class PausedError extends TouchstoneError {
  constructor(message: string) {
    super(message, EXIT.paused);
  }
}
