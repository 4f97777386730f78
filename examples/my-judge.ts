/**
 * A judge of your own: any program that can say how good an answer is. This one knows arithmetic; yours may run unit
 * tests, ask a database, or call a service. This file is what a configuration names:
 *
 *     judge:
 *       kind: code
 *       module: my-judge.ts
 *
 * It is examined, cached and trained against as a language model would be. Run it by itself,
 * `npm run example examples/my-judge.ts`, to see what it says of four answers.
 */
import type { CodeJudge } from 'touchstone';

/** One verdict for each answer. Where the judge cannot say, it says so: an abstention is never a low score. */
const judge: CodeJudge = (rollouts) =>
  rollouts.map(({ task, response }) => {
    const sum = /(\d+) \+ (\d+)/.exec(task.messages.at(-1)!.content);
    if (sum === null) return { abstained: 'the task has no sum in it' };
    const expected = Number(sum[1]) + Number(sum[2]);
    const found = /\d+/.exec(response)?.[0];
    if (found === undefined) return { score: 0, reason: 'there is no number in it' };
    return { score: Number(Number(found) === expected), evidence: found, reason: `the sum is ${expected}` };
  });
export default judge;

if (process.argv[1]?.endsWith('my-judge.ts')) {
  const ask = async (content: string, response: string) => {
    const task = { id: 't', messages: [{ role: 'user' as const, content }], reference: null, metadata: {} };
    const options = { repeat: 0, signal: new AbortController().signal };
    return (await judge([{ id: 'a', task, response }], options))[0];
  };
  console.log(await ask('What is 17 + 25?', 'It is 42.')); // → { score: 1, evidence: '42', reason: 'the sum is 42' }
  console.log(await ask('What is 17 + 25?', '43')); // → { score: 0, evidence: '43', reason: 'the sum is 42' }
  console.log(await ask('What is 17 + 25?', 'Many.')); // → { score: 0, reason: 'there is no number in it' }
  console.log(await ask('What is love?', '42')); // → { abstained: 'the task has no sum in it' }
}
