import { modelSchema } from '../schema.js';
import type { CallPlace } from './provider-error.js';

/** A key that no message may repeat. */
export const KEY = 'topsecret-0123456789';

/** A call to an OpenAI-compatible server with that key, in 1970. */
export const place: CallPlace = {
  config: modelSchema.parse({ model: 'openai-compatible:m', base_url: 'http://h/v1' }),
  keySource: 'the environment variable K',
  secrets: () => [KEY],
  signal: undefined,
  now: () => 0,
};
