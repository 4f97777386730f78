import { singleJudges } from '@touchstone/core';
import { modelsOf, type ScoringConfig } from '@touchstone/run';
import { InputError } from '@touchstone/spec';

/**
 * Refuses what several servers would do wrong without a word.
 *
 * @throws {InputError} a model of the machine itself; a judge whose limits and replies the servers would not share; a check that needs
 *   the policy's tokenizer, which is not brought along.
 */
export function assertFleet({ judge, reward }: ScoringConfig): void {
  const local = modelsOf(judge).filter(({ provider }) => provider.isLocal);
  const alone = (judge ? singleJudges(judge) : []).filter(
    ({ config }) => 'model' in config && config.cache?.redis_env === undefined,
  );
  const problems = [
    ...local.map(
      ({ id }) =>
        `judge.model: ${id} would be computed by each server on its processor; serve it by vLLM, say, and name it as openai-compatible:NAME`,
    ),
    ...(local.length > 0 ? [] : alone).map(
      ({ path }) =>
        `${['judge', ...path].join('.')}.cache: expected { redis_env: REDIS_URL }: without it each server believes that it has the provider's limits for itself, and pays for what another one knows`,
    ),
    ...reward.checks.flatMap((check) =>
      check.type === 'length' && check.unit === 'tokens'
        ? [
            "reward.checks: length in tokens needs the policy's tokenizer, which is not brought along; use unit: characters",
          ]
        : [],
    ),
  ];
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
}
