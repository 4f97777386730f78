import { asShown, requestBytes, type JudgeConfig } from '@touchstone/core';
import type { Task } from '@touchstone/spec';
import { modelsOf } from '../config/judge-models.js';
import { samplesPerTask } from '../stages/evaluate.js';
import {
  costPerAnswer,
  moneyFor,
  NOTHING,
  standInAnswers,
  TOKENS_PER_BYTE,
  type Answers,
  type CallsCost,
} from '../stages/plan.js';
import type { Contestant } from './contestant.js';
import { pairingsOf } from './duels.js';
import type { EvaluationJudges } from './judges.js';
import type { Evaluation } from './open.js';

/** What one model or one judge is asked, as `planExamination` counts it. */
export interface PlannedCalls extends CallsCost {
  /** The model's name, or the judge's. */
  name: string;
  /** Who is asked: `provider:model`, or where the answers are from. */
  who: string;
  /** Answers that it gives or judges, or pairs that it compares. */
  answers: number;
}

/** What an evaluation will take. Replies that are there already cost nothing, which this does not look at. */
export interface EvaluationPlan {
  models: PlannedCalls[];
  judges: PlannedCalls[];
  calls: number;
  /** US dollars; null where a price is missing. */
  money: number | null;
}

/**
 * Counts what an evaluation would ask. Nothing is asked: judges' prompts are made about answers that are there, else about texts as long as a model
 * may write.
 *
 * @throws {InputError} a prompt or an input of a judge is wrong.
 */
export async function planEvaluation(evaluation: Evaluation): Promise<EvaluationPlan> {
  const { contestants, judges, tasks } = evaluation;
  const samples = samplesPerTask(evaluation);
  const models = contestants.map((one) => answersCost(one, evaluation));
  const each = contestants.map(({ known, drawn }) => ({
    known: known?.flatMap(({ answers }) => answers) ?? [],
    drawn: drawn ? tasks.length * samples : 0,
    longest: drawn?.max_tokens ?? 0,
  }));
  const shown: Answers = each
    .flatMap(({ known }) => known)
    .map((answer) => ({ task: answer.task, response: asShown(answer).response, together: answer.task.id }));
  const drawn = each.reduce((sum, one) => sum + one.drawn, 0);
  const longest = each.reduce((most, one) => Math.max(most, one.longest), 0);
  const scoring = [judges.judge, judges.heldout, ...judges.further].filter((one) => one !== null);
  const planned: PlannedCalls[] = [];
  for (const { name, config, judge } of scoring) {
    const ofKnown = shown.length > 0 ? await costPerAnswer(evaluation, config, shown) : NOTHING;
    const ofDrawn =
      drawn > 0 ? await costPerAnswer(evaluation, config, standInAnswers(tasks, config, longest)) : NOTHING;
    const cost = plus(times(ofKnown, shown.length), times(ofDrawn, drawn));
    planned.push({ name, who: judge.id, answers: shown.length + drawn, ...priced(cost, config) });
  }
  const { duelist } = judges;
  if (duelist) planned.push(await duelsCost(evaluation, duelist));
  const all = [...models, ...planned];
  return {
    models,
    judges: planned,
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
    money: all.reduce<number | null>(
      (sum, { money }) => (sum === null || money === null ? null : sum + money),
      0,
    ),
  };
}

function answersCost({ name, known, drawn }: Contestant, evaluation: Evaluation): PlannedCalls {
  if (!drawn)
    return {
      name,
      who: 'stored answers',
      answers: known.flatMap(({ answers }) => answers).length,
      ...NOTHING,
    };
  const answers = evaluation.tasks.length * samplesPerTask(evaluation);
  const { config, max_tokens, folder } = drawn;
  const bytes = evaluation.tasks.reduce(
    (sum, { messages }) =>
      sum + requestBytes({ messages, maxOutputTokens: max_tokens, temperature: 1, seed: 0 }),
    0,
  );
  const inputTokens = Math.round(bytes * TOKENS_PER_BYTE * samplesPerTask(evaluation));
  const outputTokens = answers * max_tokens;
  return {
    name,
    who: config.model,
    answers,
    calls: folder === null ? answers : 0,
    inputTokens,
    outputTokens,
    money: moneyFor(config, inputTokens, outputTokens),
  };
}

async function duelsCost(
  evaluation: Evaluation,
  { name, config, judge }: NonNullable<EvaluationJudges['duelist']>,
): Promise<PlannedCalls> {
  const { contestants, tasks } = evaluation;
  const samples = samplesPerTask(evaluation);
  // Answers that are not there yet are as long as they may be, and each another one.
  const models = contestants.map(({ known, drawn }, place): { task: Task; response: string }[] => {
    if (known) return known[0]!.answers.map(asShown);
    return standInAnswers(tasks, config, drawn.max_tokens).flatMap(({ task, response }) =>
      Array.from({ length: samples }, (_, i) => ({ task, response: `${response} ${place} ${i}` })),
    );
  });
  const pairs = pairingsOf(models);
  const answers: Answers = pairs.flatMap(({ a, b }, i) =>
    [a, b].map(({ task, response }) => ({ task, response, together: `${i}` })),
  );
  const cost =
    pairs.length === 0 ? NOTHING : times(await costPerAnswer(evaluation, config, answers), answers.length);
  return { name: `${name}, in pairs`, who: judge.id, answers: pairs.length, ...priced(cost, config) };
}

/** Where a judge asks nothing about the answers at hand, what it costs is not known: real ones will not be like them. */
const priced = (cost: CallsCost, judge: JudgeConfig): CallsCost =>
  cost.calls === 0 && modelsOf(judge).length > 0 ? { ...cost, money: null } : cost;

const times = ({ calls, inputTokens, outputTokens, money }: CallsCost, answers: number): CallsCost => ({
  calls: Math.round(calls * answers),
  inputTokens: Math.round(inputTokens * answers),
  outputTokens: Math.round(outputTokens * answers),
  money: money === null ? null : money * answers,
});

const plus = (a: CallsCost, b: CallsCost): CallsCost => ({
  calls: a.calls + b.calls,
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  money: a.money === null || b.money === null ? null : a.money + b.money,
});
