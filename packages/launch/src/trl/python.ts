import { isAbsolute, resolve } from 'node:path';
import { keyVariablesOf, type TrainingJob } from '@touchstone/run';

/** Seconds that the client waits for the server to come back: whoever starts the command again within them finds the job waiting. */
const PATIENCE_SECONDS = 6 * 3600;

/** The Python of the configuration: a name that is on the PATH, or a path relative to the configuration. */
export function pythonOf({ workspace: { config, baseDir } }: Pick<TrainingJob, 'workspace'>): string {
  const { python } = config.training.trl;
  return /[\\/]/.test(python) && !isAbsolute(python) ? resolve(baseDir, python) : python;
}

/**
 * What the script's process is told: where its rewards are, and nothing of the judge's keys. It asks no other address and
 * fetches nothing: policy and data are here.
 */
export function environmentOf(
  { workspace: { config } }: Pick<TrainingJob, 'workspace'>,
  rewards: { url: string; key: string },
): NodeJS.ProcessEnv {
  const hidden = new Set([
    ...[config.judge, config.heldout_judge].flatMap(keyVariablesOf),
    'TOUCHSTONE_SIGNING_KEY',
  ]);
  const inherited = Object.entries(process.env).filter(([name]) => !hidden.has(name));
  const direct = [process.env['NO_PROXY'] ?? process.env['no_proxy'], '127.0.0.1'].filter(Boolean).join(',');
  return {
    ...Object.fromEntries(inherited),
    TOUCHSTONE_REWARD_URL: rewards.url,
    TOUCHSTONE_REWARD_KEY: rewards.key,
    TOUCHSTONE_REWARD_TIMEOUT: String(PATIENCE_SECONDS),
    NO_PROXY: direct,
    no_proxy: direct,
    HF_HUB_OFFLINE: '1',
    HF_HUB_DISABLE_TELEMETRY: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    // Threads that wait do not take the cores from a judge that runs here.
    OMP_WAIT_POLICY: 'PASSIVE',
  };
}
