/** The least that a configuration says. */
export const GOOD = `policy:
  model: local:models/policy
data:
  train: train.jsonl
  eval: eval.jsonl
judge:
  model: local:models/judge
  objective: Judge the answer.
  criteria:
    - name: Correct
      question: Is it correct?
`;
