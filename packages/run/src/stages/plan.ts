import { openJudge, requestBytes, type Dispatcher, type Judge, type JudgeConfig } from '@touchstone/core';
import { plannedPhases, type PlannedPhase } from '@touchstone/lab';
import { NO_USAGE, ProviderError, type ModelRequest } from '@touchstone/spec';
import { moduleUrl } from '../workspace/module-url.js';
import type { Examination } from '../workspace/examination.js';

/** Answers that are put into prompts to see how long those are. */
const SAMPLE = 30;
/** Before a provider has counted. */
const TOKENS_PER_BYTE = 0.25;

/** What a part of an examination may cost. Replies that are there already cost nothing, which this does not look at. */
export interface PhaseCost extends PlannedPhase {
  calls: number;
  inputTokens: number;
  /** At most: as many as replies may have. */
  outputTokens: number;
  /** In US dollars, at most; 0 where no price is declared. */
  money: number;
}

/**
 * What an examination may cost, by phase, the cheapest first: nothing is asked. Prompts of some of the labelled answers are
 * made for it and measured, at a fourth of a token a byte. Repeated tries of a reply that cannot be read are not in it, nor
 * rounds of probes after the first.
 *
 * @throws {InputError} a prompt or an input of the judge is wrong.
 */
export async function planExamination(examination: Examination): Promise<PhaseCost[]> {
  const { config, data, judge, heldout } = examination;
  const phases = plannedPhases({
    ...data,
    ...config.validation,
    judge,
    heldout: heldout?.judge ?? null,
    seed: config.seed,
  });
  const costs = {
    judge: await costPerAnswer(examination, config.judge, judge),
    heldout:
      config.heldout_judge && heldout
        ? await costPerAnswer(examination, config.heldout_judge, heldout.judge)
        : NOTHING,
  };
  return phases.map((phase) => {
    const each = phase.by === 'judge' ? costs.judge : costs.heldout;
    return {
      ...phase,
      calls: Math.round(each.calls * phase.answers),
      inputTokens: Math.round(each.inputTokens * phase.answers),
      outputTokens: Math.round(each.outputTokens * phase.answers),
      money: each.money * phase.answers,
    };
  });
}

const NOTHING = { calls: 0, inputTokens: 0, outputTokens: 0, money: 0 };

/** Of one answer, in the mean over some. */
async function costPerAnswer(
  { config: { seed }, baseDir, data: { labelled } }: Examination,
  config: JudgeConfig,
  { compares = false }: Judge,
): Promise<typeof NOTHING> {
  const total = { ...NOTHING };
  const rehearsal = await openJudge(config, {
    seed,
    baseDir,
    moduleUrl,
    open: ({ model, price = { input: 0, output: 0 } }) =>
      Promise.resolve({
        model: { id: model, version: '', structuredOutput: false, generate: refuse },
        fallbacks: [],
        dispatcher: countingDispatcher((request) => {
          const inputTokens = requestBytes(request) * TOKENS_PER_BYTE;
          total.calls++;
          total.inputTokens += inputTokens;
          total.outputTokens += request.maxOutputTokens;
          total.money += (inputTokens * price.input + request.maxOutputTokens * price.output) / 1e6;
        }),
      }),
  });
  const tasks = [...new Set(labelled.map(({ task }) => task.id))];
  let answers = 0;
  for (const id of tasks) {
    const group = labelled.filter(({ task }) => task.id === id).map((one, i) => ({ ...one, id: `${i}` }));
    if (compares) await rehearsal.judge(group);
    else await Promise.all(group.map((one) => rehearsal.judge([one])));
    answers += group.length;
    if (answers >= SAMPLE) break;
  }
  if (answers === 0) return NOTHING;
  return {
    calls: total.calls / answers,
    inputTokens: total.inputTokens / answers,
    outputTokens: total.outputTokens / answers,
    money: total.money / answers,
  };
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
const refuse = (): Promise<never> => Promise.reject(NOT_ASKED);
