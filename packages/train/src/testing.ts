import { ChatTokenizer, CausalLM, trainBpe } from '@touchstone/engine';
import type { RewardFunction } from '@touchstone/core';
import { NO_USAGE, type Reward, type Rollout, type Task } from '@touchstone/spec';
import { Policy } from './policy.js';

const SPECIAL = ['<|pad|>', '<|end|>', '<|user|>', '<|assistant|>'];
const TEMPLATE =
  '{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}';

/** A random policy over bytes, small enough to train in a second. */
export function tinyPolicy(seed = 1): Policy {
  const tokenizer = new ChatTokenizer(trainBpe([], 0, SPECIAL), {}, TEMPLATE);
  const model = CausalLM.initialise(
    {
      model_type: 'llama',
      vocab_size: 260,
      hidden_size: 64,
      intermediate_size: 96,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      max_position_embeddings: 128,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
      eos_token_id: 1,
    },
    seed,
  );
  return new Policy(model, tokenizer, '/nonexistent');
}

export const tinyTasks = (count: number): Task[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `t${i}`,
    messages: [{ role: 'user', content: `task ${i}` }],
    reference: null,
    metadata: {},
  }));

/** A reward by rule, in place of a judge: what is under test here is the trainer. */
export function ruleReward(rule: (rollout: Rollout) => number | null): RewardFunction {
  return {
    score: (rollouts, { onDone } = {}) =>
      Promise.resolve(
        rollouts.map((rollout, i): Reward => {
          const score = rule(rollout);
          const base = { components: [], verdicts: [], usage: NO_USAGE };
          const reward: Reward =
            score === null
              ? { ...base, status: 'abstained', reason: 'timeout', detail: 'no reply within 1 s' }
              : { ...base, status: 'scored', score };
          onDone?.(reward, i);
          return reward;
        }),
      ),
  };
}
