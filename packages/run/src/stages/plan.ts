import {
  costOf,
  openJudge,
  parseModelId,
  requestBytes,
  singleJudges,
  type Dispatcher,
  type JudgeConfig,
  type ModelConfig,
} from '@touchstone/core';
import { answersOf, plannedPhases, type PlannedPhase } from '@touchstone/lab';
import {
  largest,
  NO_USAGE,
  ProviderError,
  random,
  type LanguageModel,
  type ModelRequest,
  type Task,
} from '@touchstone/spec';
import { moduleUrl } from '../workspace/module-url.js';
import type { Examination } from '../workspace/examination.js';

/** Answers that are put into prompts to see how long those are. */
const SAMPLE = 30;
/** Before a provider has counted. */
export const TOKENS_PER_BYTE = 0.25;

/** What a part of an examination may cost. Replies that are there already cost nothing, which this does not look at. */
export interface PhaseCost extends PlannedPhase {
  calls: number;
  /** An estimate, since only a tokenizer could count them. */
  inputTokens: number;
  /** At most: as many as the replies to these calls may have. */
  outputTokens: number;
  /** In US dollars, for these tokens; null where a model that is asked has no price. A model of this machine costs nothing. */
  money: number | null;
}

/**
 * What an examination may cost, by phase, the cheapest first: nothing is asked. Prompts of some of the answers are made for
 * it and measured, at a fourth of a token a byte. Repeated tries of a reply that cannot be read are not in it, nor rounds of
 * probes after the first.
 *
 * @throws {InputError} a prompt or an input of the judge is wrong.
 */
export async function planExamination(
  examination: Pick<Examination, 'config' | 'baseDir' | 'data' | 'judge' | 'heldout'>,
): Promise<PhaseCost[]> {
  const { config, data, judge, heldout } = examination;
  const phases = plannedPhases({
    ...data,
    ...config.validation,
    judge,
    heldout: heldout?.judge ?? null,
    seed: config.seed,
  });
  const measured = new Map<string, Cost>();
  const costOf = async ({ by, about }: PlannedPhase): Promise<Cost> => {
    const known = measured.get(`${by} ${about}`);
    if (known) return known;
    const judgeConfig = by === 'judge' ? config.judge : config.heldout_judge;
    const cost = judgeConfig
      ? await costPerAnswer(examination, judgeConfig, answersAbout(about, data))
      : NOTHING;
    measured.set(`${by} ${about}`, cost);
    return cost;
  };
  const costs: PhaseCost[] = [];
  for (const phase of phases) {
    const each = await costOf(phase);
    costs.push({
      ...phase,
      calls: Math.round(each.calls * phase.answers),
      inputTokens: Math.round(each.inputTokens * phase.answers),
      outputTokens: Math.round(each.outputTokens * phase.answers),
      money: each.money === null ? null : each.money * phase.answers,
    });
  }
  return costs;
}

type Cost = Pick<PhaseCost, 'calls' | 'inputTokens' | 'outputTokens' | 'money'>;
export const NOTHING: Cost = { calls: 0, inputTokens: 0, outputTokens: 0, money: 0 };

/** Answers to measure prompts with; those that a judge that compares is shown together have the same `together`. */
export type Answers = ReturnType<typeof answersOf>;
export type { Cost as CallsCost };

const answersAbout = (
  about: PlannedPhase['about'],
  { labelled, regression }: Examination['data'],
): Answers =>
  about === 'regression'
    ? answersOf(regression)
    : labelled.map(({ task, response }) => ({ task, response, together: task.id }));

/** Letters of a token of text, about. */
export const LETTERS_A_TOKEN = 4;

/** Where there is no answer yet: one to each task that is as long as a policy may write, with as many items as are judged. */
export function standInAnswers(tasks: readonly Task[], judge: JudgeConfig, maxTokens: number): Answers {
  const items = singleJudges(judge).map(({ config: one }) =>
    'unit' in one && one.unit === 'item' ? one.max_items : 0,
  );
  const words = (parts: number): string =>
    'word '.repeat(Math.ceil((maxTokens * LETTERS_A_TOKEN) / 5 / parts));
  const most = largest(items);
  const response =
    most > 0 ? JSON.stringify(Array.from({ length: most }, () => ({ text: words(most) }))) : words(1);
  return tasks.map((task) => ({ task, response, together: task.id }));
}

/** Of one answer, in the mean over some. Nothing is asked. */
export async function costPerAnswer(
  { config: { seed }, baseDir }: { config: { seed: number }; baseDir: string },
  config: JudgeConfig,
  answers: Answers,
): Promise<Cost> {
  const { size, calls } = await rehearse(config, { seed, baseDir, answers });
  if (size === 0) return NOTHING;
  const total = { ...NOTHING };
  for (const { asked, inputTokens, outputTokens } of calls) {
    total.calls++;
    total.inputTokens += inputTokens;
    total.outputTokens += outputTokens;
    const money = moneyFor(asked, inputTokens, outputTokens);
    total.money = total.money === null || money === null ? null : total.money + money;
  }
  return {
    calls: total.calls / size,
    inputTokens: total.inputTokens / size,
    outputTokens: total.outputTokens / size,
    money: total.money === null ? null : total.money / size,
  };
}

/** What an answer asks of one model of its judge. */
export interface ModelCalls {
  /** The part of the configuration that names the model and its limits. */
  asked: CallsOf;
  /** Of one answer, in the mean. */
  calls: number;
  /** Of one call, as a provider counts it against `tokens_per_minute`: the prompt and as many as the reply may have. */
  tokens: number;
}

/**
 * What one answer asks of each model, and whether the judge is shown all answers of a task together. Nothing is asked.
 *
 * @param answers those of a task are neighbours; none: nothing is known but whether it compares.
 */
export async function callsPerAnswer(
  { config: { seed }, baseDir }: { config: { seed: number }; baseDir: string },
  config: JudgeConfig,
  answers: Answers,
): Promise<{ compares: boolean; models: ModelCalls[] }> {
  const { compares, size, calls } = await rehearse(config, { seed, baseDir, answers });
  const asked = new Map<CallsOf, typeof calls>();
  for (const call of calls) asked.set(call.asked, [...(asked.get(call.asked) ?? []), call]);
  const models = [...asked].map(([model, its]) => ({
    asked: model,
    calls: its.length / size,
    tokens: its.reduce((sum, one) => sum + one.inputTokens + one.outputTokens, 0) / its.length,
  }));
  return { compares, models };
}

/** What opens the calls to a model is given. */
type CallsOf = Parameters<Parameters<typeof openJudge>[1]['open']>[0];

/** The calls that a judge would make about some of the answers. */
async function rehearse(
  config: JudgeConfig,
  { seed, baseDir, answers }: { seed: number; baseDir: string; answers: Answers },
) {
  const calls: { asked: CallsOf; inputTokens: number; outputTokens: number }[] = [];
  const rehearsal = await openJudge(config, {
    seed,
    baseDir,
    moduleUrl,
    open: (asked) =>
      Promise.resolve({
        model: silent(asked.model),
        fallbacks: asked.fallbacks.map((other) => silent(other.model)),
        dispatcher: countingDispatcher((request) => {
          const inputTokens = requestBytes(request) * TOKENS_PER_BYTE;
          calls.push({ asked, inputTokens, outputTokens: request.maxOutputTokens });
        }),
      }),
  });
  const sample = sampleOf(answers, rehearsal.compares ?? false, seed);
  for (const group of sample) {
    await rehearsal.judge(group.map(({ task, response }, i) => ({ task, response, id: `${i}` })));
  }
  return { compares: rehearsal.compares ?? false, size: sample.flat().length, calls };
}

const FREE = { input: 0, output: 0 };

/** In US dollars; null where the model has no price. */
export function moneyFor(
  { model, price }: Pick<ModelConfig, 'model' | 'price'>,
  input: number,
  output: number,
): number | null {
  const known = price ?? (parseModelId(model).provider.isLocal ? FREE : undefined);
  return known ? costOf({ inputTokens: input, outputTokens: output }, known).money : null;
}

/**
 * Some of the answers, as they are shown to the judge: single ones, or all that a judge that compares is shown together. One is
 * drawn from each of equal stretches of the file, because files are often sorted, and often take turns of short and long.
 */
function sampleOf(answers: Answers, compares: boolean, seed: number): Answers[] {
  const groups = new Map<string, Answers>();
  answers.forEach((answer, place) => {
    const key = compares ? answer.together : `${place}`;
    const group = groups.get(key);
    if (group) group.push(answer);
    else groups.set(key, [answer]);
  });
  const all = [...groups.values()];
  const size = Math.min(all.length, Math.ceil((SAMPLE * all.length) / answers.length));
  const start = (stretch: number): number => Math.floor((stretch * all.length) / size);
  const { pick } = random(seed, 'plan');
  return Array.from({ length: size }, (_, i) => pick(all.slice(start(i), start(i + 1))));
}

/** Takes requests and sends none. */
function countingDispatcher(count: (request: ModelRequest) => void): Dispatcher {
  return {
    call: (_model, request) => {
      count(request);
      return Promise.resolve({ error: NOT_ASKED, cached: false, usage: NO_USAGE });
    },
    usage: () => NO_USAGE,
  };
}

const NOT_ASKED = new ProviderError('nothing is asked: this is a plan', {
  reason: 'budget',
  isRetryable: false,
});
const silent = (id: string): LanguageModel => ({
  id,
  version: '',
  structuredOutput: false,
  generate: () => Promise.reject(NOT_ASKED),
});
