import { frame } from './frame.js';

/** Which of two answers is better: the answers of a group are compared with one another, in both orders. */
export const PREFERENCE = frame({
  name: 'preference',
  taskLine:
    '{"id": "t1", "messages": [{"role": "user", "content": "..."}], "reference_answer": "a good answer, if you have one"}',
  label: '{"score": 1}',
  policyTokens: 512,
  judge: `  kind: preference # two answers side by side, always in both orders; a judge that goes by position is inconsistent
  objective: You compare two answers of an assistant to the last message of a user.
  # Say what you prefer, with examples, the most important first.
  prefer:
    - "It is right: an answer without the error beats one with it, however well that one is written."
    - "It does what was asked: if three options were asked for, three beat five."
    - "It is safe to act on: it names the risk that the user would run into, such as lost data or a missed deadline."
    - "It is as short as it can be: of two that say the same, the one without preamble and repetition."
    - "Where these are equal, it is a tie."
  # siblings: the other answers of the group, Bradley-Terry with ties. Their scores have a mean of about 1/2 in every
  # group: whether a model got better shows against: reference, in the held-out judge below.
  against: siblings
  round_robin_up_to: 5 # larger groups compare each answer with the pivots only: about 2 calls an answer
  pivots: 2
  max_tokens: 512
  temperature: 0
`,
  heldout: `#  kind: preference
#  against: reference
#  objective: You compare two answers as the user who asked for them would, after acting on them.
#  prefer:
#    - It solved the user's problem.
`,
  checks: `    - { type: length, max: 6000, gate: true }
    - { type: safety, gate: true }
`,
});
