import { frame } from './frame.js';

/**
 * Legal contract review: the answer is a list of comments, and each comment is judged by itself on three dimensions of
 * 1 to 5, in this order. The score of a comment is the mean of its dimensions, the score of the answer the mean of its
 * comments; both are computed here and not asked for.
 */
export const CONTRACT_REVIEW = frame({
  name: 'contract-review',
  taskLine:
    '{"id": "t1", "messages": [{"role": "user", "content": "..."}], "reference_answer": "...", "document": "..."}',
  label: '{"TargetDocument_Grounding": 5}',
  policyTokens: 256,
  judge: `  unit: item # item: every element of the JSON list that is the answer; answer: the answer as a whole
  objective: >-
    You judge one comment of a contract review. The TargetDocument is the contract under review. The Reference is the
    guideline that it is reviewed against. The issue that the comment raises must exist in the TargetDocument, and its
    text_excerpt must quote the TargetDocument, not the Reference. Judge this comment by itself, whatever other
    comments there may be.
  # In the order they are judged in. Every score has its anchor in words.
  criteria:
    - name: TargetDocument_Grounding
      question: Does text_excerpt quote the passage of the TargetDocument that the comment is about?
      scale: graded
      anchors:
        1: It is empty, quotes the Reference, or is nowhere in the TargetDocument, not even in other words
        2: It is not a quote. The TargetDocument says something like it, in other words or with words left out
        3: It is an exact quote of the TargetDocument, but of a passage that the comment is not about
        4: It is an exact quote of the right passage, but too short or too long to show the issue
        5: It is an exact quote of the right passage, and shows the whole issue by itself
    - name: Reference_Consistency
      question: Do comment_type and comment say rightly how the quoted passage stands to the Reference?
      scale: graded
      anchors:
        1: They contradict the Reference, rest on a rule that it does not have, or the type is not a known one
        2: The right rule of the Reference is meant, but misstated in a way that changes the outcome
        3: The type is right, but the comment does not say which rule of the Reference is met or broken
        4: Type and rule are right; a figure, a party or a condition of the comparison is missing
        5: Type and rule are right, and both sides are stated, what the Reference asks and what the TargetDocument says
    - name: Actionability
      question: Could a lawyer carry out the action as it is written, and would that settle the issue?
      scale: graded
      anchors:
        1: There is no action, or carrying it out would make the contract worse
        2: It only asks to look at the passage, or to think about it
        3: It says rightly what is to change, but not to what
        4: It says what is to change and to what; the wording of the clause is left to the lawyer
        5: It gives wording or an instruction that can be used as it is, or says rightly that nothing is to change
  # Decided in code whatever the judge says, and told to it too.
  rules:
    - criterion: TargetDocument_Grounding
      value: 1
      when: { quote: text_excerpt, occurs_in: reference, missing_from: metadata.document }
    - criterion: TargetDocument_Grounding
      value: 1
      when: { quote: text_excerpt, empty: true }
    - criterion: Reference_Consistency
      value: 1
      when: { quote: comment_type, not_one_of: [risk, missing, ambiguous, compliant] }
    - criterion: Actionability
      value: 1
      when: { quote: action, empty: true }
  # Names that the prompt may use, and where the task has them.
  inputs:
    TargetDocument: metadata.document
    SystemPrompt: prompt
  max_items: 12 # further comments score 0, so that more comments are not a better answer
  max_tokens: 1024
  temperature: 0
  # An empty answer, one that is not a list, and an empty comment score 0 without a call.
`,
  heldout: `#  unit: answer
#  objective: Judge a contract review as its most critical reader would.
#  criteria:
#    - name: Useful
#      question: Is every comment right, about this contract, and worth the lawyer's time?
`,
  checks: `    - { type: json-schema, schema: answer.schema.json, gate: true }
    - { type: grounding, quotes: text_excerpt, document: metadata.document, weight: 0.2 }
`,
});
