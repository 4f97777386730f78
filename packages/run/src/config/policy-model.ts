import { parseModelId } from '@touchstone/core';
import type { Config } from './schema.js';

/** Whether the policy is a model of this machine. */
export const isLocal = ({ policy: { model } }: Pick<Config, 'policy'>): boolean =>
  parseModelId(model).provider.isLocal === true;
