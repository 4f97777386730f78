import { createAnswerReader } from '@touchstone/core';
import { judgeScore, leadsOf, winnerAndRunnerUp } from '@touchstone/lab';
import type { RolloutRecord } from '@touchstone/store';
import type { StepMetrics } from '@touchstone/train';
import { evaluationOf } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import type { TrainedGroup } from './step.js';

/** What run.db keeps the answers of a step under that the held-out judge has scored too. */
const WINNERS = 'watch winners';

/**
 * What the held-out judge says of the two answers of a group that the judge likes best: of the first groups of a step in which the judge tells
 * two apart. It never reaches the update. Replies are in the cache, so what was asked is not paid for again.
 *
 * @returns figures by metric; none without a held-out judge or without such a group.
 */
export async function winnersOf(
  { config, store, heldout }: Workspace,
  step: number,
  groups: readonly TrainedGroup[],
): Promise<StepMetrics> {
  if (heldout === null) return {};
  const readAnswer = createAnswerReader(config.reward);
  const chosen = groups
    .flatMap((group) => twoOf(group, (response) => readAnswer(response).text))
    .slice(0, config.monitors.winners);
  if (chosen.length === 0) return {};
  const scored = await heldout.reward.score(chosen.flat().map(({ rollout }) => rollout));
  const records = chosen.flat().map((one, i): RolloutRecord => ({ ...one, heldout: scored[i]! }));
  store.putRollouts(WINNERS, step, records);
  const pairs = chosen.flatMap((_, i): [number, number][] => {
    const [winner, runnerUp] = [judgeScore(scored[2 * i]!), judgeScore(scored[2 * i + 1]!)];
    return winner === null || runnerUp === null ? [] : [[winner, runnerUp]];
  });
  const before = store.rollouts(evaluationOf('base').name).flatMap((one) => judgeScore(one.heldout) ?? []);
  return leadsOf(pairs, before) ?? {};
}

/** Winner and runner-up of a group, or none. */
function twoOf(
  { rollouts_G, rewards_G }: TrainedGroup,
  answerIn: (response: string) => string,
): Omit<RolloutRecord, 'heldout'>[][] {
  const judged = rollouts_G.map(({ rollout }, i) => ({
    text: answerIn(rollout.response),
    judge: judgeScore(rewards_G[i]!),
  }));
  const two = winnerAndRunnerUp(judged)?.map((i) => {
    const { rollout, tokens } = rollouts_G[i]!;
    return { rollout, reward: rewards_G[i]!, truth: null, tokens: tokens.length };
  });
  return two ? [two] : [];
}
