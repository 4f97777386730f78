import type { ModelReply, ProviderError } from '@touchstone/spec';
import type { Limits } from './limits/declared.js';

/** How a call waits for its turn. */
export interface Ticket {
  /** Tokens that the provider sets aside when the call starts: input and the longest output. */
  tokens: number;
  /** What the call's judge declares of the provider. */
  limits: Limits;
  /** Goes before calls that have never been tried. */
  isUrgent: boolean;
  /** Stays in the queue while the provider is down or wants a long pause; otherwise is turned away at once. */
  isPatient: boolean;
  signal: AbortSignal;
  cancelled: () => ProviderError;
}

/** The right to have one call in flight. It ends with exactly one of its methods. */
export interface Permit {
  succeed(reply: ModelReply): void;
  fail(error: ProviderError): void;
  /** The call was cancelled: it tells nothing about the provider. */
  cancel(): void;
  /** The call was never sent. */
  giveBack(): void;
}
