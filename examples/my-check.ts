/**
 * A check of your own: a rule in code that scores an answer, before any judge is asked and at no cost. This file is what
 * a configuration names:
 *
 *     reward:
 *       checks:
 *         - { type: code, module: my-check.ts, weight: 0.3 }
 *
 * Run it by itself, `npm run example examples/my-check.ts`, to see what it says of three answers.
 */

interface Answer {
  task: { messages: { content: string }[] };
  response: string;
}

/**
 * Does the answer keep to the number of words that the task asks for?
 *
 * @returns from 0 to 1. Half marks for one word too many give training a direction; a plain yes or no would not.
 */
export default function keepsToWordLimit({ task, response }: Answer): { score: number; detail: string } {
  const limit = Number(/at most (\d+) words/.exec(task.messages.at(-1)!.content)?.[1] ?? Infinity);
  const words = response.trim().split(/\s+/).length;
  const score = words <= limit ? 1 : Math.max(0, 1 - (words - limit) / 2);
  return { score, detail: `${words} words, expected at most ${limit}` };
}

if (process.argv[1]?.endsWith('my-check.ts')) {
  const task = { messages: [{ content: 'Name a fruit, in at most 2 words.' }] };
  for (const response of ['A pear', 'A ripe pear', 'A pear, of course, my friend']) {
    const { score, detail } = keepsToWordLimit({ task, response });
    console.log(score, detail);
  }
  // → 1 2 words, expected at most 2
  // → 0.5 3 words, expected at most 2
  // → 0 6 words, expected at most 2
}
