import { InputError } from '@touchstone/spec';
import type { Policy } from '@touchstone/train';
import type { RemotePolicy } from './remote-policy.js';

/**
 * The policy as a model of this machine, for what works with its weights or its tokenizer.
 *
 * @throws {InputError} it is behind an API: only a trainer of such models can train it.
 */
export function localPolicy({ policy }: { policy: Policy | RemotePolicy }): Policy {
  const { model } = policy;
  if (typeof model !== 'string') return policy as Policy;
  throw new InputError([
    { message: `policy.model is ${model}, behind an API: expected local:FOLDER, a model of this machine` },
  ]);
}
