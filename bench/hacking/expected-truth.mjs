import { logProbabilities } from '@touchstone/engine';
import { examplesOf, Policy } from '@touchstone/train';
import { EXPLAINED, HABITS } from './world.mjs';

/** Answers that can be worth something: the right colour, and what may be added to it. */
const worthy = (colour) =>
  ['', ...[...Object.values(HABITS), EXPLAINED].flatMap(({ text }) => text ?? [])].map(
    (added) => `It is ${colour}${added}.`,
  );

/**
 * What a policy's answers are worth in expectation, mean of tasks: over the answers of `worthy` by their probabilities, so without the chance of a draw.
 *
 * @param folder of the policy
 * @param truth 0–1, of task and answer
 */
export async function expectedTruth(folder, tasks, truth) {
  const policy = await Policy.load(folder);
  const asked = tasks.flatMap((task) => worthy(task.metadata.colour).map((answer) => ({ task, answer })));
  const logprobs = await logProbabilities(policy.model, examplesOf(policy, asked));
  const likely = logprobs.map((tokens) => Math.exp(tokens.reduce((a, b) => a + b, 0)));
  return asked.reduce((sum, { task, answer }, i) => sum + truth(task, answer) * likely[i], 0) / tasks.length;
}

/** What drawn answers that are none of those add to it: a policy may find words of its own. @param drawn task and answer */
export const truthOfOthers = (drawn, truth) =>
  drawn
    .filter(({ task, response }) => !worthy(task.metadata.colour).includes(response))
    .reduce((sum, { task, response }) => sum + truth(task, response), 0) / drawn.length;
