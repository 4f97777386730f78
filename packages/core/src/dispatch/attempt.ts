import { ProviderError, type LanguageModel, type ModelReply, type ModelRequest } from '@touchstone/spec';
import { childController } from './abort.js';
import type { Clock } from './clock.js';

/**
 * One request to a model. Ends at the latest after `timeoutMs`, and at once when `signal` aborts, even if the model
 * heeds neither; the request itself is cancelled in both cases.
 *
 * Rejects with a ProviderError of reason `timeout`, or with what the model threw.
 */
export async function callOnce(
  model: LanguageModel,
  request: ModelRequest,
  { timeoutMs, signal, clock }: { timeoutMs: number; signal: AbortSignal; clock: Clock },
): Promise<ModelReply> {
  const { controller, unlink } = childController(signal);
  let stop = (): void => {};
  let stopTimer = (): void => {};
  try {
    return await new Promise<ModelReply>((resolve, reject) => {
      stop = () => reject(cancelledCall(model));
      if (signal.aborted) return stop();
      controller.signal.addEventListener('abort', stop);
      if (timeoutMs < Infinity) {
        stopTimer = clock.after(timeoutMs, () => {
          const message = `${model.id}: no reply within ${timeoutMs / 1000} s`;
          reject(new ProviderError(message, { reason: 'timeout', isRetryable: true }));
          controller.abort(new DOMException(message, 'TimeoutError'));
        });
      }
      model.generate({ ...request, signal: controller.signal }).then(resolve, reject);
    });
  } finally {
    unlink();
    stopTimer();
  }
}

/** The caller does not wait any longer: its deadline has passed, or it was stopped. */
export function cancelledCall({ id }: LanguageModel): ProviderError {
  const message = `${id}: cancelled before a reply came, because the time for the whole request was over`;
  return new ProviderError(message, { reason: 'timeout', isRetryable: false });
}
