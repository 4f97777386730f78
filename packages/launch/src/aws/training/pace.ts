import type { TrainingJob } from '@touchstone/run';
import { ASSUMED_LATENCY } from '../../fleet/demand.js';
import { fleetPlanOf } from '../../fleet/fleet.js';
import { answersOfStep } from '../../job-files.js';

/**
 * How long the answers of a step are judged, which is what the function's timeout and its concurrency must allow; null where the judge declares
 * no limit.
 *
 * @param answersPerCall of the function; null: AWS does not say.
 */
export async function paceRemark(
  { workspace }: Pick<TrainingJob, 'workspace'>,
  answersPerCall: number | null,
): Promise<string | null> {
  const planned = await fleetPlanOf(workspace, ASSUMED_LATENCY);
  if (planned === null) return null;
  const answers = answersOfStep(workspace.config);
  const calls =
    answersPerCall === null
      ? ''
      : ` It is called ${Math.ceil(answers / answersPerCall)} at a time for a step: more concurrency than that is of no use.`;
  return (
    `the ${answers} answers of a step are judged in about ${Math.ceil(planned.plan.seconds)} s by the judge's declared limits, ` +
    `if a call of it takes ${ASSUMED_LATENCY.p50} s (one in a hundred ${ASSUMED_LATENCY.p99} s): the function's timeout must be longer.${calls}`
  );
}
