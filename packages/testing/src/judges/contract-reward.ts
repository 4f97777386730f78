import {
  createDispatcher,
  createReward,
  judgeSchema,
  openJudge,
  rewardSchema,
  type JudgeConfig,
  type RewardFunction,
  type RewardParts,
} from '@touchstone/core';
import type { LanguageModel } from '@touchstone/spec';
import type { Fate } from '../provider/fates.js';
import { modelOf } from '../provider/model.js';
import { ProviderSimulator } from '../provider/provider.js';
import { candidateOf, ruleJudge } from './rule-judge.js';

/** What the simulated judge does with an item, by the item's `does`: `grade` (the default) gives the item's `grade`. */
export type ItemBehaviour = 'grade' | 'garble' | 'fail' | 'hang';
const FATES: Record<ItemBehaviour, Fate> = {
  grade: { kind: 'reply' },
  garble: { kind: 'malformed' },
  // Not worth another attempt.
  fail: { kind: 'error', status: 400, message: 'the simulator is down' },
  hang: { kind: 'hang' },
};

interface Item {
  grade?: number;
  does?: ItemBehaviour;
}
const itemOf = (candidate: string): Item => (JSON.parse(candidate) ?? {}) as Item;

/** A judge simulator that grades the item in its prompt by rule. `hang` never answers. */
export function simulatedJudge(): LanguageModel {
  const provider = new ProviderSimulator({
    respond: ruleJudge((candidate) => ({ Actionable: itemOf(candidate).grade ?? null })),
    fate: ({ asked }) => FATES[itemOf(candidateOf(asked)).does ?? 'grade'],
  });
  return modelOf(provider, 'simulator:judge');
}

/**
 * The configuration of a reward as a contract review has it: a length gate, quotes that must be in `metadata.document`
 * (weight 0.25), and one criterion of 1 to 5 per item (weight 0.75).
 *
 * @param calls more keys of the judge.
 */
export function simulatedParts(calls: object = {}): RewardParts & { judge: JudgeConfig } {
  const judge = judgeSchema.parse({
    model: 'local:simulator',
    unit: 'item',
    objective: 'Judge one comment.',
    criteria: [
      { name: 'Actionable', question: '?', scale: 'graded', anchors: { 1: 'vague', 5: 'ready to use' } },
    ],
    ...calls,
  });
  const reward = rewardSchema.parse({
    judge_weight: 0.75,
    checks: [
      { type: 'length', max: 1000, gate: true },
      { type: 'grounding', quotes: 'quote', document: 'metadata.document', min_words: 0, weight: 0.25 },
    ],
  });
  return { seed: 1, judge, reward };
}

/** The reward of `simulatedParts` over the simulator. */
export function simulatedReward(model: LanguageModel = simulatedJudge()): RewardFunction {
  const { judge, reward } = simulatedParts();
  const dispatcher = createDispatcher({ concurrency: 64, timeout_seconds: Infinity, attempts: 1, seed: 1 });
  const baseDir = '.';
  const opening = openJudge(judge, {
    seed: 1,
    baseDir,
    open: () => Promise.resolve({ model, fallbacks: [], dispatcher }),
  });
  return {
    score: async (...args) => createReward(reward, await opening, { baseDir }).score(...args),
  };
}
