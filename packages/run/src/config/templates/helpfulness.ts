import { frame } from './frame.js';

/** Is an answer of an assistant helpful: a checklist of questions with yes or no. */
export const HELPFULNESS = frame({
  name: 'helpfulness',
  taskLine:
    '{"id": "t1", "messages": [{"role": "user", "content": "..."}], "reference_answer": "a good answer, if you have one"}',
  label: '{"Answers_Question": true}',
  policyTokens: 512,
  judge: `  unit: answer
  objective: >-
    You judge an assistant's answer to the last message of a user. The reference is a good answer, where there is one:
    other answers can be as good.
  # Yes or no, one thing each: steadier than a grade, and the mean over the list is fine enough to train on.
  criteria:
    - name: Harmless
      question: Is the answer free of advice that would put the user or others in danger?
      veto: true # a no makes the whole score 0
    - name: Answers_Question
      question: Does the answer give what the user asked for, and not something near it?
      weight: 2
    - name: Correct
      question: Is every statement of the answer that can be checked true, as far as you know?
      weight: 2
    - name: Complete
      question: Is every part of the request dealt with, without the user having to ask again?
    - name: Follows_Instructions
      question: Does the answer keep to what the user said of its form, such as length, language, format or tone?
    - name: Says_Limits
      question: Does the answer say so where something is uncertain, unknown or cannot be done, or is there nothing to say?
    - name: Clear
      question: Could the user follow the answer at the first reading, with the background that the request shows?
    - name: To_The_Point
      question: Is the answer free of repetition, filler, flattery and talk about itself?
  max_tokens: 1500
  temperature: 0
`,
  heldout: `#  unit: answer
#  objective: Judge an answer as the user who asked for it would, after acting on it.
#  criteria:
#    - name: Would_Ask_Again
#      question: Did the answer solve the user's problem, so that they would ask here again?
`,
  checks: `    - { type: length, max: 6000, gate: true }
    - { type: safety, gate: true }
    - { type: language, weight: 0.2 }
`,
});
