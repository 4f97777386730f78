import { InputError, type Task, type Verdict } from '@touchstone/spec';
import type { Criterion } from './criterion.js';
import type { Judge, Judgement, MemberJudgement } from './judge.js';

export interface NamedJudge {
  name: string;
  judge: Judge;
}

/** What verdicts of a judge name; on answers to one task, where that is given. @throws {InputError} as `Judge.criteriaOf`. */
export const criteriaFor = (judge: Judge, task?: Task): readonly Criterion[] =>
  (task && judge.criteriaOf?.(task)) ?? judge.criteria;

/**
 * Looks at the criteria that come with tasks, before anything is paid for.
 *
 * @throws {InputError} naming every task whose criteria are odd to one of the judges.
 */
export function assertTaskCriteria(judges: readonly Judge[], tasks: readonly Task[]): void {
  const problems = new Map<string, InputError['problems'][number]>();
  for (const judge of judges)
    for (const task of tasks) {
      try {
        criteriaFor(judge, task);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        for (const problem of error.problems) problems.set(problem.message, problem);
      }
    }
  if (problems.size > 0) throw new InputError([...problems.values()]);
}

/** The criteria of all, each name once, as the first that has it defines it; on answers to one task, where that is given. */
export function uniteCriteria(judges: readonly Judge[], task?: Task): Criterion[] {
  const united = new Map<string, Criterion>();
  for (const criterion of judges.flatMap((judge) => criteriaFor(judge, task)))
    if (!united.has(criterion.name)) united.set(criterion.name, criterion);
  return [...united.values()];
}

/** A member's verdicts with its name; those of its own members get both. */
export function memberVerdicts(name: string, verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.map((verdict) => ({
    ...verdict,
    member: verdict.member === undefined ? name : `${name}.${verdict.member}`,
  }));
}

/** What a member said and cost, under its name, and after it what its own members did, under both names. */
export function memberJudgements(shown: MemberJudgement, { members = [] }: Judgement): MemberJudgement[] {
  return [shown, ...members.map((one) => ({ ...one, name: `${shown.name}.${one.name}` }))];
}
