import { keyVariablesOf, modelsOf, type TrainingJob } from '@touchstone/run';

/** What Amazon Bedrock is asked with. */
const OF_AWS = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_BEARER_TOKEN_BEDROCK',
];

/**
 * What a worker is told: where its rewards are. On this machine it also has the environment of this process but for the keys of
 * judges, and on a Ray cluster that of the machine it gets.
 *
 * @param patience seconds that it waits for rewards, so that whoever starts the command again finds it waiting.
 */
export function workerEnvironment(
  { workspace: { config } }: Pick<TrainingJob, 'workspace'>,
  { url, host, key }: { url: string; host: string; key: string },
  patience: number,
): Record<string, string> {
  const direct = (own: string | undefined): string => [own, host].filter(Boolean).join(',');
  const rewards = {
    TOUCHSTONE_REWARD_URL: url,
    TOUCHSTONE_REWARD_KEY: key,
    TOUCHSTONE_REWARD_TIMEOUT: String(patience),
  };
  // Ray puts in what the machine has in its own.
  if (config.training.ray)
    return { ...rewards, NO_PROXY: direct('${NO_PROXY}'), no_proxy: direct('${no_proxy}') };
  const judges = [config.judge, config.heldout_judge];
  const isOfAws = judges.flatMap(modelsOf).some(({ provider }) => provider.name === 'bedrock');
  const hidden = new Set([
    ...judges.flatMap(keyVariablesOf),
    ...(isOfAws ? OF_AWS : []),
    'TOUCHSTONE_SIGNING_KEY',
  ]);
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || hidden.has(name) ? [] : [[name, value] as const],
  );
  const noProxy = direct(process.env['NO_PROXY'] ?? process.env['no_proxy']);
  return { ...Object.fromEntries(inherited), ...rewards, NO_PROXY: noProxy, no_proxy: noProxy };
}
