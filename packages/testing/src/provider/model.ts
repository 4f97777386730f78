import { ProviderError, type LanguageModel, type ModelReply } from '@touchstone/spec';
import { askedOf } from './asked.js';
import type { Delivery, ProviderSimulator } from './provider.js';

/** The provider as a language model in this process: no network, the failures of one. */
export function modelOf(provider: ProviderSimulator, id = 'openai-compatible:simulator'): LanguageModel {
  return {
    id,
    version: '1',
    structuredOutput: false,
    async generate(request): Promise<ModelReply> {
      const signal = request.signal ?? new AbortController().signal;
      let delivery: Delivery | undefined;
      await provider.answer(askedOf(request, { model: id }), signal, (given) => {
        delivery = given;
        return true;
      });
      if (signal.aborted || delivery === undefined) throw new Error('the simulated request was cancelled');
      if (delivery.kind === 'reply') return delivery.reply;
      throw errorOf(delivery);
    },
  };
}

function errorOf(delivery: Exclude<Delivery, { kind: 'reply' }>): ProviderError {
  if (delivery.kind === 'reset')
    return new ProviderError('simulated reset', { reason: 'transport', isRetryable: true });
  const { status, retryAfterSeconds, message } = delivery;
  return new ProviderError(message ?? `simulated ${status}`, {
    reason: status === 429 ? 'rate-limit' : 'transport',
    isRetryable: status === 429 || status >= 500,
    status,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: 1000 * retryAfterSeconds }),
  });
}
