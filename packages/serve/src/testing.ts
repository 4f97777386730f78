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
import { ProviderError, type LanguageModel } from '@touchstone/spec';

/** What the simulated judge does with an item, by the item's `does`: `grade` (the default) gives the item's `grade`. */
export type Behaviour = 'grade' | 'garble' | 'fail' | 'hang';

/**
 * A judge simulator: a language model that reads the rendered prompt as a real one would, and grades the candidate in it
 * by rule. It answers after a turn of the event loop; `hang` never answers.
 */
export function simulatedJudge(): LanguageModel {
  return {
    id: 'simulator:judge',
    version: '1',
    structuredOutput: false,
    async generate({ messages }) {
      const prompt = messages.at(-1)?.content ?? '';
      const [, candidate] = /<candidate>\n(.*)\n<\/candidate>/s.exec(prompt) ?? [];
      const [, id] = /The reply id is (\w+)/.exec(prompt) ?? [];
      const item = JSON.parse(candidate ?? 'null') as { grade?: number; does?: Behaviour };
      await new Promise((resolve) => setImmediate(resolve));
      if (item.does === 'hang') return new Promise(() => {});
      if (item.does === 'fail') {
        throw new ProviderError('the simulator is down', { reason: 'transport', isRetryable: false });
      }
      const verdicts = [{ criterion: 'Actionable', evidence: '', reason: 'by rule', score: item.grade }];
      const text = JSON.stringify({ id: item.does === 'garble' ? 'other' : id, verdicts });
      return { text, finish: 'stop', inputTokens: prompt.length, outputTokens: text.length };
    },
  };
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
      { type: 'grounding', quotes: 'quote', document: 'metadata.document', weight: 0.25 },
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
