import { expect, it } from 'vitest';
import { learnedOf, strangeReward } from './metrics.js';

const RANGE = { min: -1, max: 1 };

it('has rewards from 0 to 1, the first of two figures of one name of ours, and what is not known by its own name', () => {
  const told = { 'critic/rewards/mean': 0.5, kl: 0.1, 'actor/kl_loss': 0.2, adv: 3, lr: 1 };
  expect(learnedOf(told, RANGE)).toEqual({ reward: 0.75, kl: 0.1, 'aws/actor/kl_loss': 0.2, 'aws/adv': 3 });
});

it('takes nothing for the reward that the function cannot have said', () => {
  const learned = learnedOf({ train_reward_mean: 1.5 }, RANGE);
  expect(learned).toEqual({ 'aws/train_reward_mean': 1.5 });
  expect(strangeReward(learned, RANGE)).toContain(
    'train_reward_mean 1.5, and the reward function answers from -1 to 1',
  );
  for (const fine of [{ train_reward_mean: 1 }, { train_reward_mean: null }, { adv: 2 }])
    expect(strangeReward(learnedOf(fine, RANGE), RANGE)).toBeNull();
});
