import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ARTICLE, inputOf } from '../recipes/job.testing.js';
import { novaRecipe } from '../recipes/recipe.js';
import { readRecipe } from './recipe.js';

async function findingsOf(yaml: string): Promise<string[]> {
  const file = join(await mkdtemp(join(tmpdir(), 'recipe-')), 'recipe.yaml');
  await writeFile(file, yaml);
  return (await readRecipe(file)).findings.map(({ level, what }) => `${level} ${what}`);
}

describe('a recipe that is examined', () => {
  it.each(['hyperpod', 'training-job'] as const)('is well as it is made: %s', async (platform) => {
    expect(await findingsOf(novaRecipe(inputOf(platform)).yaml)).toEqual(['ok reward_lambda_arn']);
    const evaluation = novaRecipe({ ...inputOf(platform), purpose: 'evaluation' });
    expect(await findingsOf(evaluation.yaml)).toEqual(['ok reward_lambda_arn']);
  });

  it('is told what AWS refuses and ignores of it', async () => {
    const made = novaRecipe(inputOf('hyperpod', ARTICLE)).yaml;
    expect(await findingsOf(made)).toEqual(['ok reward_lambda_arn', 'warning max_length']);
    const job = novaRecipe(inputOf('training-job')).yaml;
    expect(
      await findingsOf(
        job
          .replace('ent_coeff: 0.0', 'ent_coef: 0.0')
          .replace('number_generation: 2', 'number_generation: 1')
          .replace('max_steps: 5', 'max_steps: 5\n    refit_freq: 4'),
      ),
    ).toEqual(['ok reward_lambda_arn', 'failed number_generation', 'warning refit_freq', 'warning ent_coef']);
  });
});
