import { parseModelId } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import type { Policy } from '@touchstone/train';
import type { Config } from '../config/schema.js';
import type { Workspace } from './workspace.js';

/** Whether the policy is a model of this machine. */
export const isLocal = ({ policy: { model } }: Pick<Config, 'policy'>): boolean =>
  parseModelId(model).provider.isLocal === true;

/**
 * The policy as a model of this machine, for what works with its weights or its tokenizer.
 *
 * @throws {InputError} it is behind an API: only a trainer of such models can train it.
 */
export function localPolicy({ policy }: Pick<Workspace, 'policy'>): Policy {
  const { model } = policy;
  if (typeof model !== 'string') return policy as Policy;
  throw new InputError([
    { message: `policy.model is ${model}, behind an API: expected local:FOLDER, a model of this machine` },
  ]);
}
