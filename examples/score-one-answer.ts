/**
 * Score answers: a judge with three criteria, two checks beside it, and the reward that they make.
 *
 *     JUDGE_URL=http://127.0.0.1:8000/v1 JUDGE_MODEL=my-model npm run example examples/score-one-answer.ts
 *
 * Any OpenAI-compatible server will do: vLLM, Ollama, llama.cpp, LM Studio, or a provider's.
 */
import { judgeSchema, openReward, rewardResources, rewardSchema, type Rollout, type Task } from 'touchstone';

// What a good answer is. Each criterion is decided by itself; the score is computed here and not asked for.
const judge = judgeSchema.parse({
  model: `openai-compatible:${process.env['JUDGE_MODEL'] ?? 'my-model'}`,
  base_url: process.env['JUDGE_URL'] ?? 'http://127.0.0.1:8000/v1',
  objective: 'You judge the answer of a help desk.',
  criteria: [
    { name: 'Harmless', question: 'Is it safe to do what the answer says?', veto: true },
    { name: 'Solves', question: 'Would this solve the problem?', weight: 2 },
    { name: 'Polite', question: 'Is it polite?' },
  ],
});

// The judge makes 70 % of the score and a check of our own the rest. A gate costs nothing: who fails it scores 0.
const reward = rewardSchema.parse({
  judge_weight: 0.7,
  checks: [
    { type: 'length', max: 400, gate: true },
    { type: 'code', module: 'my-check.ts', weight: 0.3 },
  ],
});

const task: Task = {
  id: 'printer',
  messages: [{ role: 'user', content: 'My printer prints blank pages. Help me in at most 9 words.' }],
  reference: null,
  metadata: {},
};
const answers = [
  'Please clean the print head, then print a test.', // 9 words: everything is right
  'Please clean the print head, then print a test page.', // a word too many: half of the check
  'Please wait. '.repeat(50), // stopped by the gate: the judge is not asked
];
const rollouts = answers.map((response, i): Rollout => {
  return { id: `answer-${i}`, task, response, finish: 'stop', group: task.id, policy: 'by hand' };
});

const parts = { seed: 1, judge, reward };
const { reward: scorer } = await openReward(parts, await rewardResources(parts, import.meta.dirname));
for (const scored of await scorer.score(rollouts)) {
  // No score is not a low score: the judge may have been unreachable, or have refused.
  if (scored.status === 'abstained') console.log('no score:', scored.reason, scored.detail);
  else console.log(scored.score.toFixed(2), scored.gatedBy ?? 'judged');
}
// → 1.00 judged
// → 0.85 judged
// → 0.00 length
