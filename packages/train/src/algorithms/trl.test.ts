import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { trainingSchema } from '../schema.js';
import { openAlgorithm } from './index.js';
import { evaluate, someAnswers } from './parts/numbers.testing.js';

/*
 * Losses and gradients beside those of TRL's trainers on the same numbers, where TRL has the algorithm.
 */

const PYTHON = process.env['TOUCHSTONE_PYTHON'];
const MAX_TOKENS = 8;

const why = ((): string => {
  if (PYTHON === undefined) return 'TOUCHSTONE_PYTHON does not name a Python in which TRL is installed';
  const find = 'import importlib.util as u; exit(not all(map(u.find_spec, ["trl", "torch", "accelerate"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks one of trl, torch, accelerate`;
})();

const clips = (low: number, high: number) => ({ epsilon_low: low, epsilon_high: high });
const dapo = { loss_type: 'dapo', importance_sampling_level: 'token', ...clips(0.2, 0.28) };
/** Ours, and the same in TRL. */
const CASES: { training: object; trl: object; trainer?: string }[] = [
  { training: { algorithm: 'dapo' }, trl: dapo },
  { training: { algorithm: 'grpo', kl_coefficient: 0.3 }, trl: { ...dapo, beta: 0.3 } },
  { training: { algorithm: 'grpo', entropy_coefficient: 0.2 }, trl: { ...dapo, entropy_coef: 0.2 } },
  { training: { algorithm: 'grpo' }, trl: { ...dapo, loss_type: 'bnpo' } },
  {
    training: { algorithm: 'dr-grpo', kl_coefficient: 0.3 },
    trl: { loss_type: 'dr_grpo', importance_sampling_level: 'token', ...clips(0.2, 0.2), beta: 0.3 },
  },
  {
    training: { algorithm: 'gspo', clip_low: 0.1, clip_high: 0.05 },
    trl: { loss_type: 'grpo', importance_sampling_level: 'sequence', ...clips(0.1, 0.05) },
  },
  {
    training: { algorithm: 'gspo', kl_coefficient: 0.3 },
    trl: { loss_type: 'grpo', importance_sampling_level: 'sequence', ...clips(3e-4, 4e-4), beta: 0.3 },
  },
  {
    training: { algorithm: 'cispo', ratio_cap: 1.1 },
    trl: { loss_type: 'cispo', importance_sampling_level: 'token', ...clips(0, 1.1) },
  },
  { training: { algorithm: 'rloo', clip_high: 0.5 }, trl: clips(0.2, 0.5), trainer: 'RLOOTrainer' },
];

describe.skipIf(why)(`losses beside those of TRL${why && `: skipped, ${why}`}`, () => {
  it('are the same to 1e-5, and so are their gradients', async () => {
    const answers = someAnswers();
    const script = fileURLToPath(new URL('trl.testing.py', import.meta.url));
    const input = JSON.stringify(
      CASES.map(({ trl, trainer = 'GRPOTrainer' }) => ({ trl, trainer, answers, max_tokens: MAX_TOKENS })),
    );
    const { stdout, stderr, status } = spawnSync(PYTHON!, [script], { input, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const theirs = JSON.parse(stdout.trim().split('\n').at(-1)!) as { loss: number; gradient: number[] }[];
    for (const [i, { training }] of CASES.entries()) {
      const algorithm = openAlgorithm(trainingSchema.parse(training), { max_tokens: MAX_TOKENS });
      const weights = algorithm.tokenWeights(answers.map(({ logprobs }) => logprobs.length));
      const weighed = answers.map((answer, j) => ({ ...answer, weight: weights[j]! }));
      const ours = await evaluate(algorithm.loss, weighed);
      const { loss, gradient } = theirs[i]!;
      expect(Math.abs(ours.loss - loss), JSON.stringify(training)).toBeLessThan(1e-5);
      gradient.forEach((slope, t) =>
        expect(Math.abs(ours.gradient[t]! - slope), JSON.stringify(training)).toBeLessThan(1e-5),
      );
    }
  }, 120_000);
});
