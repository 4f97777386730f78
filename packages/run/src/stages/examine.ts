import { assertGatePassed, validateJudge, type ValidationResult } from '@touchstone/lab';
import type { RunListener } from '@touchstone/spec';
import type { z } from 'zod';
import { systemClock, type Clock } from '../clock.js';
import type { Workspace } from '../workspace/workspace.js';
import { StageReporter } from './stage.js';
import { JUDGE } from './stages.js';

/** What examining a judge needs of a workspace. */
interface Examined {
  config: Pick<Workspace['config'], 'validation' | 'gate' | 'seed'>;
  judge: Workspace['judge'];
  heldout: Pick<NonNullable<Workspace['heldout']>, 'judge'> | null;
  data: Pick<Workspace['data'], 'labelled' | 'regression'>;
}

/**
 * Judges the labelled answers and regression cases, and says whether the gate would let training begin. Nothing of it is
 * stored but the judge's replies.
 */
export function examineJudge(
  workspace: Examined,
  options: { onEvent?: RunListener; clock?: Clock } = {},
): Promise<ValidationResult> {
  const { onEvent = () => {}, clock = systemClock } = options;
  return examine(workspace, new StageReporter(JUDGE, onEvent, clock));
}

/** As `examineJudge`, as a stage. */
export async function examine(
  { config, judge, heldout, data }: Examined,
  reporter: StageReporter,
): Promise<ValidationResult> {
  reporter.progress(0, null);
  const result = await validateJudge({
    judge,
    heldout: heldout?.judge ?? null,
    labelled: data.labelled,
    regression: data.regression,
    repeats: config.validation.repeats,
    gate: config.gate,
    seed: config.seed,
    onProgress: ({ done, total }) => reporter.progress(done, null, `of ${total} judgements`),
  });
  reporter.finish(`gate ${result.gate}`);
  return result;
}

/**
 * What the judge stage leaves, where training may begin.
 *
 * @param overrideGate why it may although the gate said no.
 * @throws {GateError} when it may not. The stage has not finished then: the next run examines again, from the cache.
 */
export function passGate(
  result: ValidationResult,
  overrideGate: string | undefined,
  reporter: StageReporter,
): z.output<typeof JUDGE.schema> {
  const gate = assertGatePassed(result, overrideGate);
  const overrideReason = gate === 'overridden' ? (overrideGate ?? null) : null;
  if (overrideReason !== null) {
    reporter.alarm(`The gate said no, and training goes on all the same: ${overrideReason}`);
  }
  return { ...result, gate, overrideReason };
}
