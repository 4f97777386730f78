import { InputError } from '@touchstone/spec';
import type { LambdaConfig, LambdaWire } from '@touchstone/serve';
import { PROVIDERS } from '@touchstone/core';
import { type ScoringConfig, keyVariablesOf, modelsOf } from '@touchstone/run';

/**
 * What the Lambda function needs of a configuration.
 *
 * @param options `allowLocal`: take a judge that runs on this machine, to try the handler here.
 * @throws {InputError} for judges that cannot run there.
 */
export function lambdaConfigOf(config: ScoringConfig, { allowLocal = false } = {}): LambdaConfig {
  const models = modelsOf(config.judge);
  const local = models.filter(({ provider }) => provider.isLocal);
  if (local.length > 0 && !allowLocal) {
    throw new InputError(
      local.map(({ id }) => ({
        message: `judge.model: ${id} cannot run in AWS Lambda: name a model of ${elsewhere.join(', ')}`,
      })),
    );
  }
  return {
    seed: config.seed,
    judge: config.judge,
    reward: config.reward,
    keys: keyVariablesOf(config.judge),
    wire: wireOf(config),
  };
}

const elsewhere = PROVIDERS.flatMap(({ name, isLocal }) => (isLocal ? [] : [name]));

/** How the function answers. The wire must carry a number, so there is nothing to mask. */
function wireOf({ aws, reward }: ScoringConfig): LambdaWire {
  return { ...aws, abstention: reward.abstention.policy === 'group-mean' ? 'group-mean' : 'neutral' };
}
