import type { Judge } from '@touchstone/core';
import {
  compareSuites,
  healthOf,
  runSuite,
  silenceOf,
  type SuiteComparison,
  type SuiteHealth,
  type SuiteResult,
} from '@touchstone/lab';
import { NO_USAGE, type RunListener } from '@touchstone/spec';
import { systemClock, type Clock } from '../clock.js';
import type { Loaded } from '../config/load.js';
import type { ExaminationConfig } from '../config/schema.js';
import { openJudgeAlone, type Examination } from '../workspace/examination.js';
import { StageReporter } from './stage.js';

export interface JudgeTest extends SuiteResult {
  health: SuiteHealth;
  /** Share of the cases, 0–1, that may have no verdict: that of a training step. */
  abstentionLimit: number;
  /** Another version of the judge on the same cases; null where none was named, or the judge itself gave no verdict at all. */
  against: AnotherVersion | null;
}

interface AnotherVersion extends Pick<SuiteResult, 'judge' | 'results' | 'usage'> {
  /** Null where both are one judge: there is nothing to compare. */
  comparison: SuiteComparison | null;
  /** That it gave no verdict at all, and why: it is compared as one that holds nothing. Null where it gave one. */
  warning: string | null;
}

export interface JudgeTestOptions {
  /** The other version. Its replies go into the same store, and it judges the same texts. */
  against?: Loaded<ExaminationConfig> | undefined;
  /** Share of the cases, 0–1, that may be lost against it. */
  margin: number;
  onEvent?: RunListener;
  clock?: Clock;
}

/**
 * Judges the regression cases alone, and says whether the judge still says what is known of them, by itself and against
 * another version. That the judge gives no verdict at all is among the results, for `assertAnyVerdict`; then nothing is asked
 * of the other version.
 *
 * @throws {InputError} there are no cases, or the other judge cannot be opened.
 */
export async function testJudge(
  { config, judge, data, store }: Pick<Examination, 'config' | 'judge' | 'data' | 'store'>,
  { against, margin, onEvent = () => {}, clock = systemClock }: JudgeTestOptions,
): Promise<JudgeTest> {
  const other = against && (await openJudgeAlone(against, store));
  const test = async (title: string, one: Judge): Promise<SuiteResult> => {
    const reporter = new StageReporter({ name: 'judge-test', title }, onEvent, clock);
    const result = await runSuite({
      judge: one,
      cases: data.regression,
      repeats: config.validation.repeats,
      seed: config.seed,
      gate: config.gate,
      onProgress: ({ done, total }) => reporter.progress(done, total, 'judgements'),
    });
    const held = result.results.filter(({ outcome }) => outcome === 'held').length;
    reporter.finish(`${held} of ${result.results.length} cases hold`);
    return result;
  };
  const now = await test('Testing the judge', judge);
  const versus = async (one: Judge): Promise<AnotherVersion> => {
    if (one.fingerprint === judge.fingerprint) {
      return { judge: now.judge, results: now.results, usage: NO_USAGE, comparison: null, warning: null };
    }
    const { judge: tested, results, usage } = await test('Testing the other version', one);
    const silence = silenceOf(results);
    return {
      judge: tested,
      results,
      usage,
      comparison: compareSuites(now.results, results, margin),
      warning: silence && `The other version, ${tested.id} (${tested.fingerprint}), ${silence}`,
    };
  };
  return {
    ...now,
    health: healthOf(data.regression),
    abstentionLimit: config.reward.abstention.limit,
    against: other && silenceOf(now.results) === null ? await versus(other) : null,
  };
}
