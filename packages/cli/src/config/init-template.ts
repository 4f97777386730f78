/** What `touchstone init` writes, beside the two schemas: a contract review that only lacks its data and models. */
export const INIT_TEMPLATE = `# yaml-language-server: $schema=./touchstone.schema.json
#
# The configuration of a Touchstone run: a judge is described, examined, and trained against.
# Paths are relative to this file. Run it with: touchstone run
# The line at the top lets editors complete and check every key. A # without a space behind it is a setting that is off.

name: contract-review
seed: 1
output: runs/contract-review # running again resumes what is here

# The model that is trained: a Hugging Face folder with a Llama-family model.
policy:
  model: local:models/policy
  max_tokens: 256
  temperature: 1

# JSON Lines in the OpenAI / Amazon Nova RFT format, one task on each line:
# {"id": "t1", "messages": [{"role": "user", "content": "..."}], "reference_answer": "...", "document": "..."}
data:
  train: data/train.jsonl # tasks without answers
  eval: data/eval.jsonl # held-out tasks
  #annotations: data/annotations.jsonl # tasks that end with an assistant turn; needed by training.sft
  #labelled: data/labelled.jsonl # {..., "response": "...", "labels": {"Grounding": 5}}: is the judge right?
  #regression: data/regression.jsonl # {..., "response": "...", "kind": "bad", "max": 0.3}

# The language model that scores answers. Each criterion is judged by itself; the total is computed, not asked for.
judge:
  # local:FOLDER, openai-compatible:NAME (with base_url), anthropic:NAME or bedrock:NAME.
  # Keys come from the environment: api_key_env names the variable.
  model: openai-compatible:my-judge
  base_url: http://127.0.0.1:8000/v1
  unit: item # item: every element of the JSON list that is the answer; answer: the answer as a whole
  objective: Judge one comment of a contract review.
  criteria:
    # A graded criterion needs an anchor in words for its scores. A boolean one needs none: true is good.
    - name: Grounding
      question: Is the excerpt a quote of the contract, about the subject of the guideline?
      scale: graded
      anchors:
        1: Not in the contract, or a quote of the guideline
        3: A quote of the contract about another subject
        5: A quote of the contract about the subject of the guideline
    - name: Actionability
      question: Could a lawyer act on this comment without asking back?
      scale: boolean
  # Names that the prompt may use, and where the task has them.
  inputs:
    document: metadata.document
  max_tokens: 512
  temperature: 0

# A second judge that training never sees. It tells whether the policy got better or only learned to please the judge.
#heldout_judge:
#  model: anthropic:claude-sonnet-4-5
#  unit: answer
#  objective: Judge a contract review as its most critical reader would.
#  criteria:
#    - name: Useful
#      question: Is every comment right, about this contract, and worth the lawyer's time?

# One score of 0 to 1 for each answer: checks first, because they are free, then the judge.
reward:
  judge_weight: 0.8
  checks:
    # gate: an answer that fails this scores 0 and is not judged.
    - { type: json-schema, schema: answer.schema.json, gate: true }
    - { type: grounding, quotes: text_excerpt, document: metadata.document, weight: 0.2 }
  # What a judgement that could not be made becomes; the run stops when more than this share of a step has none.
  abstention: { policy: mask, limit: 0.05 }

# The judge is examined before it is trained against. A threshold holds for the bound of the interval, not the mean;
# when one is missed the run stops with exit code 3.
#gate:
#  flip_rate: { max: 0.1 }
#  label_accuracy: { min: 0.8 }

training:
  algorithm: grpo
  steps: 60
  prompts_per_step: 16
  group_size: 8
  learning_rate: 1e-5
  clip_low: 0.2
  clip_high: 0.28
  kl_coefficient: 0
  checkpoint_every: 10
  #sft: { steps: 200, batch_size: 16, learning_rate: 1e-5 } # before reinforcement, on data.annotations

evaluation:
  samples: 1
  best_of: 4
  #truth: truth.mjs # export default (task, response) => number from 0 to 1; training never sees it
`;

/** The JSON Schema of an answer that the template's first check names. */
export const ANSWER_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A contract review: a list of comments',
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    properties: {
      comment_id: { type: 'string' },
      text_excerpt: { type: 'string', minLength: 1, description: 'A verbatim quote of the contract' },
      comment_type: { type: 'string' },
      comment: { type: 'string', minLength: 1 },
      action: { type: 'string' },
    },
    required: ['comment_id', 'text_excerpt', 'comment_type', 'comment', 'action'],
    additionalProperties: false,
  },
};
