import type { JsonValue } from '@touchstone/spec';
import type { Target } from './key.js';
import { KEYS, type KeyName } from './keys.js';

/** What AWS recommends for answers with reasoning, on SageMaker. */
const REASONING_TOKENS = 32_768;

/** What a target's values may mean where AWS does not say, and what they are known to do. */
export function readings(target: Target, values: ReadonlyMap<KeyName, JsonValue>): string[] {
  const number = (key: KeyName): number => Number(values.get(key));
  const said: string[] = [];
  const [batch, group] = [number('global_batch_size'), number('number_generation')];
  // Bedrock goes through its tasks either way.
  if (batch && group && target !== 'bedrock') {
    const prompts = batch % group === 0 ? `${batch / group} prompts` : 'no whole number of prompts';
    said.push(
      `global_batch_size ${batch} with number_generation ${group}: if it counts answers, a step has ${prompts} with ${group} answers each; ` +
        `if it counts prompts, ${batch} prompts with ${batch * group} answers`,
    );
  }
  if (batch && !Number.isInteger(Math.log2(batch))) {
    said.push(`global_batch_size ${batch}: the recipes and the documentation list powers of two only`);
  }
  const [rate, usual] = [number('lr'), Number(KEYS.lr.in[target]?.default ?? 0)];
  if (rate > 0 && usual > 0 && (rate > 10 * usual || rate < usual / 10)) {
    said.push(`lr ${rate}: AWS's own default is ${usual}`);
  }
  const [age, refit] = [number('age_tolerance'), number('refit_freq')];
  if (age && refit) {
    said.push(
      `age_tolerance ${age} with refit_freq ${refit}: if it counts pushed weights, an answer may come from weights ${age * refit} optimizer steps old; ` +
        `if it counts optimizer steps, ${age}`,
    );
  }
  const [effort, tokens] = [values.get('reasoning_effort'), number('max_new_tokens')];
  if (target !== 'bedrock' && typeof effort === 'string' && tokens < REASONING_TOKENS) {
    said.push(
      `reasoning_effort ${effort} with max_new_tokens ${tokens}: AWS recommends ${REASONING_TOKENS}; what is cut off gets no good reward`,
    );
  }
  if (values.get('top_k') === 1) {
    said.push(
      'top_k 1 draws the likeliest token only: answers to a prompt are all the same; 0 draws from all',
    );
  }
  return said;
}
