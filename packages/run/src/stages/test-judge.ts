import {
  compareSuites,
  healthOf,
  runSuite,
  type SuiteComparison,
  type SuiteHealth,
  type SuiteResult,
} from '@touchstone/lab';
import type { RunListener } from '@touchstone/spec';
import { systemClock, type Clock } from '../clock.js';
import type { Loaded } from '../config/load.js';
import type { ExaminationConfig } from '../config/schema.js';
import { openJudgeAlone, type Examination } from '../workspace/examination.js';
import { StageReporter } from './stage.js';

export interface JudgeTest extends SuiteResult {
  health: SuiteHealth;
  /** Another version of the judge on the same cases; null where none was named. */
  against: {
    judge: SuiteResult['judge'];
    /** Null where both are one judge: there is nothing to compare. */
    comparison: SuiteComparison | null;
    results: SuiteResult['results'];
  } | null;
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
 * another version.
 *
 * @throws {InputError} there are no cases, or the other judge cannot be opened.
 */
export async function testJudge(
  { config, judge, data, store }: Pick<Examination, 'config' | 'judge' | 'data' | 'store'>,
  { against, margin, onEvent = () => {}, clock = systemClock }: JudgeTestOptions,
): Promise<JudgeTest> {
  const other = against && { judge: await openJudgeAlone(against, store), seed: against.config.seed };
  const { seed, gate, validation } = config;
  const run = async (title: string, of: typeof judge): Promise<SuiteResult> => {
    const reporter = new StageReporter({ name: 'judge-test', title }, onEvent, clock);
    const result = await runSuite({
      judge: of,
      cases: data.regression,
      repeats: validation.repeats,
      gate,
      seed,
      onProgress: ({ done, total }) => reporter.progress(done, total),
    });
    reporter.finish(`${result.results.filter(({ outcome }) => outcome === 'held').length} held`);
    return result;
  };
  const tested = await run('Testing the judge', judge);
  return {
    ...tested,
    health: healthOf(data.regression),
    against: other ? await compared(tested, other.judge) : null,
  };

  async function compared(now: SuiteResult, otherJudge: typeof judge): Promise<JudgeTest['against']> {
    const isSame = otherJudge.fingerprint === now.judge.fingerprint;
    const before = isSame ? now : await run('Testing the other version', otherJudge);
    const comparison = isSame ? null : compareSuites(now.results, before.results, { margin, seed });
    return { judge: before.judge, comparison, results: before.results };
  }
}
