import { addUsage, NO_USAGE, random, type Rollout, type Usage, type Verdict } from '@touchstone/spec';
import type { Judge } from '@touchstone/core';

import { groupBy } from '../statistics/values.js';
import type { Opinion } from './readings.js';

type Answer = Pick<Rollout, 'task' | 'response'>;

/** Asks one judge, and keeps count of what it costs. */
export class Asker {
  usage: Usage = NO_USAGE;

  /**
   * @param seed of the order in which a judge that compares is shown the answers to a task: one that goes by place must not be
   *   right because the file has the good ones first.
   * @param onDone called when this many more answers have been judged.
   */
  constructor(
    readonly judge: Judge,
    private readonly seed: number,
    private readonly onDone: (answers: number) => void,
  ) {}

  /**
   * One opinion for each answer, in order. Calls are made all at once: the judge's dispatcher limits them.
   *
   * @param together of each answer: a judge that compares is shown those that have the same. Default: the task's id.
   */
  async judgeAll(
    answers: readonly Answer[],
    repeat = 0,
    together: readonly string[] = answers.map(({ task }) => task.id),
  ): Promise<Opinion[]> {
    const opinions: Opinion[] = [];
    const places = answers.map((_, place) => place);
    const groups = this.judge.compares ? groupBy(places, together) : places.map((place) => [place]);
    await Promise.all(
      groups.map(async (group) => {
        const said = await this.judgeTogether(
          group.map((place) => answers[place]!),
          repeat,
          together[group[0]!],
        );
        said.forEach((opinion, i) => (opinions[group[i]!] = opinion));
      }),
    );
    return opinions;
  }

  /** Opinions on answers that are shown together, all to one task. @param name of what is asked: with another the order is another. */
  async judgeTogether(
    answers: readonly Answer[],
    repeat = 0,
    name = answers[0]?.task.id ?? '',
  ): Promise<Opinion[]> {
    const rollouts = answers.map((answer, i) => ({ ...answer, id: String(i) }));
    const shown = this.judge.compares ? random(this.seed, 'shown', name, repeat).shuffle(rollouts) : rollouts;
    const judgements = await this.judge.judge(shown, { repeat });
    for (const { usage } of judgements) this.usage = addUsage(this.usage, usage);
    this.onDone(answers.length);
    const opinions: Opinion[] = [];
    judgements.forEach(({ answer, verdicts, members }, place) => {
      opinions[Number(shown[place]!.id)] = {
        answer,
        verdicts: verdicts.filter(isOwn),
        ...(members && { members }),
      };
    });
    return opinions;
  }
}

/** What a panel's members say does not train. */
const isOwn = ({ member }: Verdict): boolean => member === undefined;
