import { configSchema } from '@touchstone/run';
import { expect, it } from 'vitest';
import { BACKENDS } from './backends.js';

it('has every trainer that a configuration may name, and no other', () => {
  const names = BACKENDS.map(({ name }) => name);
  const parsed = configSchema.safeParse({ training: { backend: 'nobody' } });
  const [issue] = parsed.error!.issues.filter(({ path }) => path.join('.') === 'training.backend');
  expect(issue).toMatchObject({ code: 'invalid_value', values: ['embedded', ...names] });
});
