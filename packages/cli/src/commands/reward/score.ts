import { openReward, readJsonLines, recordsOrThrow, type Meant } from '@touchstone/core';
import { fieldsNamed, loadScoringConfig, rewardResources } from '@touchstone/run';
import {
  describeOutcome,
  knownMoney,
  parseSampleLine,
  scoreWithin,
  type RewardRecord,
} from '@touchstone/serve';
import { addUsage, InputError, NO_USAGE, RunError, type Rollout } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../../io.js';
import { createProgress } from '../../terminal/progress.js';
import { rewardTable, verdictTable } from './tables.js';

/** `touchstone reward score` */
export function registerScore(reward: Command, io: Io): void {
  reward
    .command('score')
    .description('score the answers of a file, and show every part of each reward with its reason')
    .argument('<config>', 'touchstone.yaml, or its folder')
    .argument('<file>', 'JSON Lines: task lines with the answer as "response"')
    .option('--json', 'print the result as JSON, and no progress')
    .action((config: string, file: string, flags: { json?: true }) => score(config, file, flags, io));
}

/**
 * @throws {InputError} also for samples that could not be scored, after the others are printed.
 * @throws {RunError} the judge gave no verdict on any of them: that is no result.
 */
async function score(path: string, file: string, flags: { json?: true }, io: Io): Promise<void> {
  const { config, baseDir } = await loadScoringConfig(path);
  const samples = await readSamples(file, fieldsNamed(config));
  const { reward } = await openReward(config, await rewardResources(config, baseDir));
  const progress = flags.json ? undefined : createProgress(io.err);
  progress?.start('Scoring', samples.length);
  let done = 0;
  const outcomes = await scoreWithin(
    samples.map(({ rollout }) => rollout),
    reward,
    Infinity,
    { onDone: () => progress?.update(++done) },
  );
  progress?.end();
  const records = outcomes.map((outcome, i) => describeOutcome(samples[i]!.rollout.id, outcome));
  if (flags.json) io.out.write(`${JSON.stringify({ rewards: records })}\n`);
  else {
    io.out.write(`\n${rewardTable(records)}\n${verdictTable(records)}`);
    const usage = outcomes.reduce(
      (sum, o) => (o.status === 'failed' ? sum : addUsage(sum, o.usage)),
      NO_USAGE,
    );
    const money = knownMoney(usage);
    const of = (status: RewardRecord['status']): number =>
      records.filter((one) => one.status === status).length;
    io.out.write(
      `${of('scored')} scored, ${of('abstained')} abstained, ${of('failed')} failed; ` +
        `${usage.calls} judge calls, ${usage.inputTokens} tokens in, ${usage.outputTokens} out, ${money === null ? 'no price' : `$${money.toFixed(4)}`}\n`,
    );
  }
  const failed = outcomes.flatMap((outcome, i) =>
    outcome.status === 'failed'
      ? [{ place: { file, line: samples[i]!.line }, message: `not scored: ${outcome.detail}` }]
      : [],
  );
  if (failed.length > 0) throw new InputError(failed);
  if (records.length > 0 && records.every(({ status }) => status === 'abstained'))
    throw new RunError(silent(records));
}

function silent(records: readonly RewardRecord[]): string {
  const [first] = records;
  const why = first?.detail === undefined ? '' : `; the first: ${first.detail}`;
  return `The judge gave no verdict on any of ${records.length} answers${why}. Mend the cause and run again.`;
}

/** Answers to score, with the lines they stand on. @throws {InputError} naming every line that is wrong. */
async function readSamples(file: string, meant: Meant): Promise<{ rollout: Rollout; line: number }[]> {
  const read = await readJsonLines(file, (value, line) => {
    const parsed = parseSampleLine(value, meant);
    return 'value' in parsed ? { value: { rollout: parsed.value, line } } : parsed;
  });
  return recordsOrThrow(file, read);
}
