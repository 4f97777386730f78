import { InputError, RunError } from '@touchstone/spec';

/** The longest that AWS lets a Lambda function run. */
export const MAX_TIMEOUT_SECONDS = 900;
/** The largest request, and the largest answer, of a synchronous invocation. */
export const MAX_PAYLOAD_BYTES = 6 * 2 ** 20;

/**
 * @param samples how many samples the event has, for the advice.
 * @throws {InputError} when Lambda would refuse the event for its size.
 */
export function assertRequestSize(bytes: number, samples: number, file: string): void {
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  const fitting = Math.max(1, Math.floor((samples * MAX_PAYLOAD_BYTES) / bytes));
  throw InputError.at(
    { file },
    `the event has ${bytes} bytes; AWS Lambda takes at most ${MAX_PAYLOAD_BYTES}: ` +
      `send at most ${fitting} samples of this size at once (lambda_batch_size)`,
  );
}

/** @throws {RunError} when Lambda would refuse the answer for its size. */
export function assertResponseSize(bytes: number): void {
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw new RunError(
    `the answer has ${bytes} bytes; AWS Lambda sends at most ${MAX_PAYLOAD_BYTES}: send fewer samples at once`,
  );
}

export function timedOut(seconds: number): RunError {
  return new RunError(
    `AWS Lambda would have ended the function after ${seconds} s, before it answered: the whole batch would have been lost`,
  );
}
