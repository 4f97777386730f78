import { PROVIDERS } from '@touchstone/core';

/** What is particular to a template; the rest of its `touchstone.yaml` is the same for all. */
export interface Parts {
  name: string;
  /** A line of the data files, as a comment. */
  taskLine: string;
  /** A label of the judge's first criterion. */
  label: string;
  policyTokens: number;
  /** The `judge:` section from its `kind` or `unit` on, indented by two. */
  judge: string;
  /** The held-out judge likewise, each line commented out. */
  heldout: string;
  /** The `checks:` of the reward, indented by four. */
  checks: string;
}

/** How models are named, as a comment. */
const MODELS = [
  '  # provider:model, for example:',
  ...PROVIDERS.map(({ example }) => `  # - ${example}`),
].join('\n');

/** A whole `touchstone.yaml` that only lacks its data and models. */
export const frame = ({ name, taskLine, label, policyTokens, judge, heldout, checks }: Parts): string =>
  `# yaml-language-server: $schema=./touchstone.schema.json
#
# The configuration of a Touchstone run: a judge is described, examined, and trained against.
# Paths are relative to this file. Run it with: touchstone run
# The line at the top lets editors complete and check every key. A # without a space behind it is a setting that is off.

name: ${name}
seed: 1
output: runs/${name} # running again resumes what is here

# The model that is trained: a Hugging Face folder with a Llama-family model. Only "touchstone run" needs it.
policy:
  model: local:models/policy
  max_tokens: ${policyTokens}
  temperature: 1

# JSON Lines in the OpenAI / Amazon Nova RFT format, one task on each line:
# ${taskLine}
# What is there is a small sample: put your own in its place.
data:
  train: data/train.jsonl # tasks without answers
  eval: data/eval.jsonl # held-out tasks
  #annotations: data/annotations.jsonl # tasks that end with an assistant turn; needed by training.sft
  labelled: data/labelled.jsonl # {..., "response": "...", "labels": ${label}}: is the judge right?
  regression: data/regression.jsonl # {..., "response": "...", "kind": "bad", "max": 0.3}: does it still say the same?

# The language model that scores answers. Each criterion is judged by itself; the total is computed, not asked for.
judge:
${MODELS}
  # openai-compatible needs base_url. Keys come from the environment: api_key_env names the variable.
  model: openai-compatible:my-judge
  base_url: http://127.0.0.1:8000/v1
${judge}
# A second judge that training never sees. It tells whether the policy got better or only learned to please the judge.
#heldout_judge:
#  model: anthropic:claude-sonnet-4-5
${heldout}
# One score of 0 to 1 for each answer: checks first, because they are free, then the judge.
reward:
  judge_weight: 0.8
  checks:
    # gate: an answer that fails this scores 0 and is not judged.
${checks}  # What a judgement that could not be made becomes; the run stops when more than this share of a step has none.
  abstention: { policy: mask, limit: 0.05 }

# The judge is examined before it is trained against, and nothing is trained unless it passes (exit code 3). The gate is on:
# "touchstone judge" lists what it asks. It asks it of the bound of an interval, not of the mean, so that too little data is
# no pass either: the few lines of data/labelled.jsonl end in "insufficient data". Label 40 tasks or more, with several
# answers each, good ones and bad ones: training learns from the order among the answers to one task.
# What is named here is asked in place of what the gate asks by itself; the rest stays on.
#gate:
#  label_kappa: { min: 0.6 } # more, or less, of one finding
#  label_accuracy: { min: 0.8 } # something of a finding that is only reported
#  flip_rate: off # nothing of one

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
  #save_top_k: 3 # evaluate the best checkpoint by tasks set aside of data.train, where the last is shown to be worse
  #sft: { steps: 200, batch_size: 16, learning_rate: 1e-5 } # before reinforcement, on data.annotations

evaluation:
  samples: 1
  best_of: 4
  #truth: truth.mjs # export default (task, response) => number from 0 to 1; training never sees it
`;
