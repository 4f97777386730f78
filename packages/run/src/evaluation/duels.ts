import { asShown, createAnswerReader, type Judge, type Judgement } from '@touchstone/core';
import type { Duel } from '@touchstone/lab';
import { RunError, type Task } from '@touchstone/spec';
import type { StageReporter } from '../stages/stage.js';
import type { Evaluation } from './open.js';
import { EVALUATED } from './stages.js';

/**
 * Has each two models' answers to the same task compared, the first answer of one with the first of the other and so on. The judge is shown each
 * pair in both orders.
 */
export async function compareModelsInPairs(
  evaluation: Evaluation,
  judge: Judge,
  reporter: StageReporter,
): Promise<Duel[]> {
  const { store, contestants, config } = evaluation;
  const readAnswer = createAnswerReader(config.reward);
  // Of several trainings of a model the answers of the first stand for it, or those with most seeds would count most.
  const pairings = pairingsOf(
    contestants.map(({ name }) => store.rollouts(EVALUATED(name).name, 0).map(({ rollout }) => rollout)),
  );
  let done = 0;
  reporter.progress(0, pairings.length, 'pairs');
  const silent: string[] = [];
  const duels = await Promise.all(
    pairings.map(async ({ sample, a, b }): Promise<Duel> => {
      const shown = [a, b].map((rollout, i) => ({
        ...asShown({ ...rollout, response: readAnswer(rollout.response).text }),
        id: `${i}`,
      }));
      const judgements = await judge.judge(shown);
      reporter.progress(++done, pairings.length, 'pairs');
      silent.push(
        ...judgements
          .slice(0, 1)
          .flatMap(({ answer }) =>
            answer.status === 'abstained' ? [`${answer.reason}: ${answer.detail}`] : [],
          ),
      );
      return { taskId: a.task.id, sample, a: a.policy, b: b.policy, ...outcomeOf(judgements) };
    }),
  );
  const { limit } = config.reward.abstention;
  if (silent.length > limit * pairings.length) {
    throw new RunError(
      `${judge.id} gave no verdict on ${silent.length} of ${pairings.length} pairs, more than reward.abstention.limit (${limit}) allows. ` +
        `First reason: ${silent[0]}. Nothing is lost: mend it and run the same command again.`,
    );
  }
  return duels;
}

/** Each two models' answers to one task: the first of one with the first of the other, and so on. @param models answers of each. */
export function pairingsOf<T extends { task: Task }>(
  models: readonly (readonly T[])[],
): { sample: number; a: T; b: T }[] {
  const placed = models.map((answers) => {
    const counts = new Map<string, number>();
    return answers.map((answer) => {
      const sample = counts.get(answer.task.id) ?? 0;
      counts.set(answer.task.id, sample + 1);
      return { answer, sample, place: JSON.stringify([answer.task.id, sample]) };
    });
  });
  return placed.flatMap((first, i) =>
    placed.slice(i + 1).flatMap((second) => {
      const others = new Map(second.map(({ place, answer }) => [place, answer]));
      return first.flatMap(({ answer: a, sample, place }) => {
        const b = others.get(place);
        return b ? [{ sample, a, b }] : [];
      });
    }),
  );
}

const OUTCOMES = { win: 1, loss: 0, tie: 0.5, inconsistent: 0.5 } as const;

function outcomeOf([first, second]: readonly Judgement[]): Pick<Duel, 'outcome' | 'consistent'> {
  const verdict = first!.verdicts.find((one) => one.status === 'scored');
  if (verdict?.outcome !== undefined)
    return { outcome: OUTCOMES[verdict.outcome], consistent: verdict.outcome !== 'inconsistent' };
  // A blank answer is shown to nobody: it loses, or ties with another one.
  const [a, b] = [isBlank(first!), isBlank(second!)];
  return { outcome: a ? (b ? 0.5 : 0) : null, consistent: true };
}

const isBlank = ({ answer, verdicts }: Judgement): boolean =>
  verdicts.length === 0 && answer.status === 'scored';
