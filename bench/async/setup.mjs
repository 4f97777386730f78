// What a training of `bench:async` is made of: the quickstart's policy and prompts, and a judge that a SIMULATOR plays.
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { judgeSchema, openReward, readTasksStrict, rewardSchema } from '@touchstone/core';
import { CausalLM } from '@touchstone/engine';
import { Policy, samplingSchema, trainingSchema } from '@touchstone/train';

const MODEL = fileURLToPath(new URL('../../examples/quickstart/models/policy', import.meta.url));
/** Letters of an answer that has all marks, and by how many more it has none. */
const [SHORT, TOLERANCE] = [120, 240];
const MARKS = 10;

/** The judge's rule, 0–10 marks: an answer is to be JSON, and short. */
export function marksOf(answer) {
  try {
    JSON.parse(answer);
  } catch {
    return 0;
  }
  return Math.round(MARKS * Math.min(1, Math.max(0, 1 - (answer.length - SHORT) / TOLERANCE)));
}
export const scoreOf = (answer) => marksOf(answer) / MARKS;

/**
 * @param {{ url: string, concurrency: number, folder: string, seed: number, training: object, tiny?: boolean }} job `tiny`: a random
 *   policy of one layer that writes a few tokens
 */
export async function setUp({ url, concurrency, folder, seed, training, tiny = false }) {
  const judge = judgeSchema.parse({
    model: 'openai-compatible:simulator',
    base_url: url,
    structured_output: 'prompt',
    concurrency,
    timeout_seconds: 120,
    objective: 'Judge the answer.',
    criteria: [
      {
        name: 'Form',
        question: 'Is it JSON, and short?',
        scale: 'graded',
        anchors: { 0: 'no', [MARKS]: 'yes' },
      },
    ],
  });
  const rules = rewardSchema.parse({});
  const loaded = await Policy.load(MODEL);
  const options = {
    policy: tiny ? loaded.withModel(tinyModel(loaded, seed)) : loaded,
    tasks: await readTasksStrict(path.join(folder, 'data/train.jsonl')),
    training: trainingSchema.parse(training),
    sampling: samplingSchema.parse({ max_tokens: tiny ? 8 : 64, temperature: 1 }),
    abstention: rules.abstention,
    seed,
  };
  /** Each has a cache of its own, so that everything is asked again; a run keeps its replies on the disk. */
  const openJudge = async () => {
    const resources = { baseDir: folder, ...(tiny && { cache: { get: () => undefined, put: () => {} } }) };
    return (await openReward({ seed, judge, reward: rules }, resources)).reward;
  };
  return { options, openJudge, heldOut: await readTasksStrict(path.join(folder, 'data/eval.jsonl')) };
}

const tinyModel = ({ model }, seed) =>
  CausalLM.initialise(
    {
      ...model.config.source,
      hidden_size: 32,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
    },
    seed,
  );
