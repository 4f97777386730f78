import { createAnswerReader } from '@touchstone/core';
import { judgeScore, leadsOf, winnersOf } from '@touchstone/lab';
import type { Reward } from '@touchstone/spec';
import type { RolloutRecord } from '@touchstone/store';
import type { StepMetrics } from '@touchstone/train';
import { evaluationOf } from '../stages/stages.js';
import type { Workspace } from '../workspace/workspace.js';
import type { TrainedGroup } from './step.js';

/** What run.db keeps the answers of a step under that the held-out judge has scored too. */
const WINNERS = 'watch winners';

/**
 * What the held-out judge says of winners: of the first groups of a step in which the judge tells two good answers apart. It never reaches the update.
 * Replies are in the cache, so what was asked is not paid for again.
 *
 * @returns figures by metric; none without a held-out judge or without such a group.
 */
export async function lookAtWinners(
  { config, store, heldout }: Workspace,
  step: number,
  groups: readonly TrainedGroup[],
): Promise<StepMetrics> {
  if (heldout === null) return {};
  const chosen = twoOfEach(config, groups).slice(0, config.monitors.winners);
  if (chosen.length === 0) return {};
  const scored = await heldout.reward.score(chosen.flat().map(({ rollout }) => rollout));
  const records = chosen.flat().map((one, i): RolloutRecord => ({ ...one, heldout: scored[i]! }));
  store.putRollouts(WINNERS, step, records);
  const pairs = chosen.flatMap((_, i): [number, number][] => {
    const [winner, other] = [judgeScore(scored[2 * i]!), judgeScore(scored[2 * i + 1]!)];
    return winner === null || other === null ? [] : [[winner, other]];
  });
  const base = store.rollouts(evaluationOf('base').name).filter((one) => !isAlone(one.heldout));
  const asked = chosen.filter((_, i) => !isAlone(scored[2 * i]!) && !isAlone(scored[2 * i + 1]!)).length;
  if (base.length === 0 || asked === 0) return {};
  const before = base.flatMap((one) => judgeScore(one.heldout) ?? []);
  // What was asked is told beside what was answered: silence must not look like consent.
  return { winner_asked: asked, winner_pairs: 0, ...leadsOf(pairs, before) };
}

/** A judge that compares had nothing to compare an answer with: it was not asked about it. */
export const isAlone = (reward: Reward | null): boolean =>
  reward?.status === 'abstained' && reward.reason === 'alone';

/** Winner and other of the groups that have them, without what the held-out judge says. */
function twoOfEach(
  { reward }: Workspace['config'],
  groups: readonly TrainedGroup[],
): Omit<RolloutRecord, 'heldout'>[][] {
  const readAnswer = createAnswerReader(reward);
  const judged = groups.map(({ rollouts_G, rewards_G }) =>
    rollouts_G.map(({ rollout }, i) => ({
      text: readAnswer(rollout.response).text,
      judge: judgeScore(rewards_G[i]!),
    })),
  );
  return winnersOf(judged).flatMap((two, p) => {
    const { rollouts_G, rewards_G } = groups[p]!;
    const records = two?.map((i) => {
      const { rollout, tokens } = rollouts_G[i]!;
      return { rollout, reward: rewards_G[i]!, truth: null, tokens: tokens.length };
    });
    return records ? [records] : [];
  });
}
