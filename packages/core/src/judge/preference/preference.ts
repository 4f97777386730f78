import {
  addUsage,
  InputError,
  NO_USAGE,
  type ComparisonOutcome,
  type LanguageModel,
  type Task,
  type Verdict,
} from '@touchstone/spec';
import type { Dispatcher } from '../../dispatch/dispatcher.js';
import { isBlank } from '../../text/answer.js';
import { readTaskPath, toText } from '../../text/task-path.js';
import { createAsk } from '../ask.js';
import type { Criterion } from '../criterion.js';
import { distinctAnswers } from '../distinct.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, JudgedRollout, Judgement, JudgeOptions } from '../judge.js';
import { sha256 } from '../marker.js';
import { PARSER_VERSION } from '../parse.js';
import type { PreferenceConfig } from '../schema.js';
import { expectedScore, fitStrengths, PRIOR_DEVIATION, type Game } from './bradley-terry.js';
import { compareBothWays, OPPOSITE, OUTCOME_SCORE, type Comparison } from './compare.js';
import { pairsOf } from './pairs.js';
import { createPairPrompt, pairSchema } from './prompt.js';

/** The criterion that the verdicts of comparisons name. */
export const PREFERENCE: Criterion = {
  name: 'Preference',
  question: 'Is it the better answer of the two?',
  scale: 'boolean',
  weight: 1,
};

/**
 * A judge that compares two answers at a time.
 *
 * - Against a reference: win 1, tie or inconsistent ½, loss 0.
 * - Against siblings: the score of an answer is what it can expect of a comparison with another member of its group,
 *   P(win) + P(tie) / 2 averaged over them, under strengths fitted to all comparisons (`fitStrengths`).
 *
 * A blank answer scores 0 and is shown to nobody; copies are compared once and tie with one another. An answer with
 * nobody to be compared with abstains (`alone`).
 *
 * @throws {InputError} when the prompt or the inputs are wrong.
 */
export function createPreferenceJudge(
  config: PreferenceConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  { seed }: { seed: number },
): Judge {
  const prompt = createPairPrompt(config);
  const { against, reference, quorum, round_robin_up_to, pivots } = config;
  const fingerprint = fingerprintOf(config, {
    model,
    ours: [prompt.templates, pairSchema(config.ties), PARSER_VERSION, PRIOR_DEVIATION],
  });
  const ask = createAsk({ model, dispatcher, seed, fingerprint, config });
  const compare = (task: Task, pair: readonly [string, string], options: JudgeOptions): Promise<Comparison> =>
    compareBothWays(task, pair, { prompt, ask, config }, options);
  /** Of the first answer of a comparison, or of the second. */
  const verdictOf = (comparison: Comparison, side: 0 | 1, opponent: string): Verdict => ({
    ...readComparison(comparison, side),
    judge: fingerprint,
    against: [opponent],
  });

  async function judgeAgainstReference(rollout: JudgedRollout, options: JudgeOptions): Promise<Judgement> {
    const { task, response } = rollout;
    if (isBlank(response)) return BLANK;
    const opponent = readTaskPath(task, reference);
    if (opponent === undefined || opponent === null)
      throw new InputError([
        { message: `task ${task.id}: ${reference} is missing; the judge compares answers with it` },
      ]);
    const comparison = await compare(task, [response, toText(opponent)], options);
    const verdict = verdictOf(comparison, 0, 'reference');
    const answer =
      verdict.status === 'scored'
        ? ({ status: 'scored', score: verdict.score } as const)
        : ({ status: 'abstained', reason: verdict.reason, detail: verdict.detail } as const);
    return { answer, verdicts: [verdict], usage: comparison.usage };
  }

  async function judgeGroup(
    rollouts_G: readonly JudgedRollout[],
    options: JudgeOptions,
  ): Promise<Judgement[]> {
    const { answers_D, places_G } = distinctAnswers(rollouts_G);
    const names = answers_D.map(({ response }) => sha256(response));
    const pairs = pairsOf(answers_D.length, { roundRobinUpTo: round_robin_up_to, pivots }, seed, names);
    const played = await Promise.all(
      pairs.map(async ([i, j]) => {
        const [a, b] = [answers_D[i]!, answers_D[j]!];
        return { i, j, comparison: await compare(a.task, [a.response, b.response], options) };
      }),
    );
    const fit = fitStrengths(
      answers_D.length,
      played.flatMap(({ i, j, comparison }): Game[] => {
        const { outcome } = comparison;
        if (outcome === undefined) return [];
        return [{ a: i, b: j, outcome: outcome === 'win' ? 'a' : outcome === 'loss' ? 'b' : 'tie' }];
      }),
    );
    return rollouts_G.map((_, g): Judgement => {
      const place = places_G[g]!;
      if (place < 0) return BLANK;
      const others = rollouts_G.flatMap(({ id }, index) =>
        index === g ? [] : [{ id, place: places_G[index]! }],
      );
      if (others.length === 0) return ALONE;
      const mine = played.filter(({ i, j }) => i === place || j === place);
      const asked = mine.map(({ i, j, comparison }) =>
        i === place ? verdictOf(comparison, 0, answers_D[j]!.id) : verdictOf(comparison, 1, answers_D[i]!.id),
      );
      const verdicts = [...asked, ...uncalledVerdicts(fingerprint, place, others)];
      // Each comparison is paid for once: by the first rollout with the text that was named first.
      const usage = mine
        .filter(({ i }) => i === place && places_G.indexOf(place) === g)
        .reduce((sum, { comparison }) => addUsage(sum, comparison.usage), NO_USAGE);
      const missing = asked.find((verdict) => verdict.status === 'abstained');
      const judged = asked.filter(({ status }) => status === 'scored').length;
      if (missing?.status === 'abstained' && judged < Math.max(1, quorum * asked.length)) {
        const detail = `${judged} of ${asked.length} comparisons judged: ${missing.detail}`;
        return { answer: { status: 'abstained', reason: missing.reason, detail }, verdicts, usage };
      }
      const expected = others.map((other) =>
        other.place < 0 ? 1 : other.place === place ? 0.5 : expectedScore(fit, place, other.place),
      );
      const score = expected.reduce((sum, one) => sum + one, 0) / expected.length;
      return { answer: { status: 'scored', score }, verdicts, usage };
    });
  }

  return {
    id: model.id,
    fingerprint,
    criteria: [PREFERENCE],
    compares: against === 'siblings',
    price: config.price,
    judge: (rollouts_G, options = {}) =>
      against === 'siblings'
        ? judgeGroup(rollouts_G, options)
        : Promise.all(rollouts_G.map((rollout) => judgeAgainstReference(rollout, options))),
  };
}

const BLANK: Judgement = { answer: { status: 'scored', score: 0 }, verdicts: [], usage: NO_USAGE };

const ALONE: Judgement = {
  answer: {
    status: 'abstained',
    reason: 'alone',
    detail: 'there is no other answer to compare it with; set against: reference to judge single answers',
  },
  verdicts: [],
  usage: NO_USAGE,
};

/** What a comparison says of its first answer (side 0) or of its second. */
function readComparison({ keys, raws, ...rest }: Comparison, side: 0 | 1): ReadComparison {
  // The other side's key is another one, so that no count of distinct questions takes it for a repetition.
  const place = side === 0 ? { key: keys.join('+') } : { key: keys.toReversed().join('+') };
  const raw = raws.join('\n');
  if (rest.outcome === undefined)
    return { ...place, raw, status: 'abstained', reason: rest.abstained, detail: rest.detail };
  const outcome = side === 0 ? rest.outcome : OPPOSITE[rest.outcome];
  const evidence = side === 0 ? rest.evidence.first : rest.evidence.second;
  return { ...place, raw, ...scoredAs(outcome, evidence, rest.reason) };
}

type ReadComparison = DistributiveOmit<Verdict, 'judge'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function scoredAs(outcome: ComparisonOutcome, evidence: string, reason: string) {
  const score = OUTCOME_SCORE[outcome];
  const criteria = [{ criterion: PREFERENCE.name, evidence, reason, value: score, score }];
  return { status: 'scored', score, criteria, mismatch: false, outcome } as const;
}

/** Against copies and blank answers: no model is needed to say how that ends. */
function uncalledVerdicts(
  judge: string,
  place: number,
  others: readonly { id: string; place: number }[],
): Verdict[] {
  return others
    .filter((other) => other.place < 0 || other.place === place)
    .map((other) => ({
      judge,
      key: '',
      raw: '',
      against: [other.id],
      ...(other.place < 0
        ? scoredAs('win', '', 'not asked: the other answer is blank')
        : scoredAs('tie', '', 'not asked: the other answer is the same text')),
    }));
}
