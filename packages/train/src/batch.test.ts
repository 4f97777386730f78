import type { Reward } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { openAlgorithm } from './algorithms/index.js';
import { makeBatch } from './batch.js';
import { trainingSchema } from './schema.js';
import type { ScoredGroup } from './scorer.js';
import { tinyTasks } from './testing.js';

/** A group of answers of these lengths with these scores. */
function group(scores_G: (number | null)[], lengths_G: number[]): ScoredGroup {
  const [task] = tinyTasks(1);
  const rollouts_G = lengths_G.map((length, i) => ({
    rollout: { id: `${i}`, task: task!, response: '', finish: 'stop' as const, group: 'g', policy: 'p' },
    prompt: [7, 8],
    tokens: Array.from({ length }, () => i),
    logprobs: new Float32Array(length).fill(i - 1),
  }));
  return { rollouts_G, rewards_G: [] as Reward[], scores_G };
}

const algorithm = (settings: object) => openAlgorithm(trainingSchema.parse(settings), { max_tokens: 16 });

describe('makeBatch', () => {
  const groups = [group([1, 0, null], [2, 3, 9]), group([0.5, 0.5], [4, 1])];

  it('weighs by all tokens that count, and carries only the answers that stand out', () => {
    const sequences = makeBatch(groups, algorithm({}));
    // 2 + 3 + 4 + 1 tokens count; the one without a verdict does not, and the equal ones have nothing to learn.
    expect(sequences).toEqual([
      {
        tokens: [7, 8, 0, 0],
        start: 2,
        columns: { old: Float32Array.of(-1, -1), advantage: 0.5, weight: 0.1, share: 0.1, length: 2 },
      },
      {
        tokens: [7, 8, 1, 1, 1],
        start: 2,
        columns: { old: Float32Array.of(0, 0, 0), advantage: -0.5, weight: 0.1, share: 0.1, length: 3 },
      },
    ]);
  });

  it('carries every answer with a verdict when there is a reference to stay near to', () => {
    const sequences = makeBatch(groups, algorithm({ kl_coefficient: 0.1 }));
    expect(sequences.map(({ columns }) => columns['advantage'])).toEqual([0.5, -0.5, 0, 0]);
  });
});
