import {
  addUsage,
  NO_USAGE,
  random,
  RunError,
  type Rollout,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import type { Judge } from '@touchstone/core';

import { groupBy } from '../statistics/values.js';
import type { Opinion } from './readings.js';
import { isUnasked } from './unasked.js';

type Answer = Pick<Rollout, 'task' | 'response'>;

/** Asks one judge, and keeps count of what it costs. */
export class Asker {
  usage: Usage = NO_USAGE;
  /** Answers of which it was not asked: its budget was used up by then. */
  unasked = 0;

  /**
   * @param seed of the order in which answers are asked about, and shown to a judge that compares: one that goes by place, by id
   *   or by what came first must not be right because the file has the good ones first.
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
      random(this.seed, 'asked', repeat)
        .shuffle(groups)
        .map(async (group) => {
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
    const all = answers.map((_, place) => place);
    const places = this.judge.compares ? random(this.seed, 'shown', name, repeat).shuffle(all) : all;
    const shown = places.map((place, at) => ({ ...answers[place]!, id: String(at) }));
    const judgements = await this.judge.judge(shown, { repeat });
    if (judgements.length !== shown.length) {
      const counts = `expected ${shown.length} judgements, one for each answer, got ${judgements.length}`;
      throw new RunError(`the judge ${this.judge.id}: ${counts}`);
    }
    for (const { usage } of judgements) this.usage = addUsage(this.usage, usage);
    this.onDone(answers.length);
    const opinions: Opinion[] = [];
    judgements.forEach(({ answer, verdicts, members }, at) => {
      const opinion = {
        answer,
        verdicts: verdicts.filter(isOwn).map((verdict) => inPlaces(verdict, places)),
        ...(members && { members }),
      };
      opinions[places[at]!] = opinion;
      if (isUnasked(opinion)) this.unasked++;
    });
    return opinions;
  }
}

/** The answers that it was compared with by their places, and not by how they were shown; a reference has none. */
function inPlaces(verdict: Verdict, places: readonly number[]): Verdict {
  if (verdict.against === undefined) return verdict;
  return { ...verdict, against: verdict.against.map((id) => String(places[Number(id)] ?? id)) };
}

/** What a panel's members say does not train. */
const isOwn = ({ member }: Verdict): boolean => member === undefined;
