import { isRecord, own } from '@touchstone/core';
import { InputError } from '@touchstone/spec';

/**
 * Takes a reward event out of what it came in. API Gateway and a function's URL send a request with the event as its
 * `body`: JSON text, in base64 where it says so; test events have the list itself there.
 *
 * @returns `samples`: the event, or an InputError thrown when the body is no JSON; `isProxied`: it came as an HTTP request,
 *   and is to be answered as one.
 */
export function unwrap(event: unknown): { samples: () => unknown; isProxied: boolean } {
  // A row of a data set may have a column called body.
  const isSample = ['messages', 'prompt', 'query'].some((key) => own(event, key) !== undefined);
  if (!isRecord(event) || !Object.hasOwn(event, 'body') || isSample) {
    return { samples: () => event, isProxied: false };
  }
  const { body } = event;
  return {
    samples: () => (typeof body === 'string' ? parse(body, event['isBase64Encoded'] === true) : body),
    isProxied: isRecord(event['requestContext']) || typeof event['httpMethod'] === 'string',
  };
}

function parse(body: string, isBase64: boolean): unknown {
  try {
    return JSON.parse(isBase64 ? Buffer.from(body, 'base64').toString() : body);
  } catch (cause) {
    throw new InputError([{ message: 'the reward event: expected JSON in its body' }], { cause });
  }
}
