import { logProbabilities } from '@touchstone/engine';
import { examplesOf, Policy } from '@touchstone/train';
import { EXPLAINED, HABITS } from './world.mjs';

/** Answers that can be worth something: the right colour, and what may be added to it. */
const worthy = (colour) =>
  ['', ...[...Object.values(HABITS), EXPLAINED].flatMap(({ text }) => text ?? [])].map(
    (added) => `It is ${colour}${added}.`,
  );

/**
 * What a policy's answers to a task are worth in expectation, mean of tasks: over the answers that are worth something by their probabilities, so without
 * the chance of a draw.
 *
 * @param folder of the policy
 * @param found by colour, answers in words of the policy's own
 * @param truth 0–1, of task and answer
 */
export async function expectedTruth(folder, tasks, found, truth) {
  const policy = await Policy.load(folder);
  const asked = tasks.flatMap((task) => {
    const { colour } = task.metadata;
    const answers = new Set([...worthy(colour), ...(found.get(colour) ?? [])]);
    return [...answers].map((answer) => ({ task, answer }));
  });
  const logprobs = await logProbabilities(policy.model, examplesOf(policy, asked));
  const likely = logprobs.map((tokens) => Math.exp(tokens.reduce((a, b) => a + b, 0)));
  return asked.reduce((sum, { task, answer }, i) => sum + truth(task, answer) * likely[i], 0) / tasks.length;
}

/** By colour, every answer that was drawn in a training and is worth something. @param drawn task and response */
export function foundIn(drawn, truth) {
  const found = new Map();
  for (const { task, response } of drawn) {
    const { colour } = task.metadata;
    if (truth(task, response) > 0) found.set(colour, (found.get(colour) ?? new Set()).add(response));
  }
  return found;
}
