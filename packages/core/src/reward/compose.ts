import { InputError, type RewardComponent } from '@touchstone/spec';
import type { Check, CheckedAnswer, CheckResult } from '../checks/check.js';
import { parseFormula } from './formula.js';
import { JUDGE, type RewardConfig } from './schema.js';

/** How the parts of a reward make its score. */
export interface Composition {
  /** False where the judge's word would change nothing: then it need not be asked. */
  usesJudge: boolean;
  /** Share of the judge in the weighted mean, 0–1. */
  judgeShare: number;
  /**
   * The checks of one answer as components, in order: at once, unless one of them is the user's own and takes its time.
   *
   * @throws {InputError} as `Check.evaluate`.
   */
  runChecks(answer: CheckedAnswer): RewardComponent[] | Promise<RewardComponent[]>;
  /** The name of the first gate that is not fully met. */
  gatedBy(checked: readonly RewardComponent[]): string | undefined;
  /**
   * The score, 0–1, and the components with what each contributes to it; contributions sum to the score.
   *
   * @param parts the checks and, where it is used, the judge, all with a score; and parts that are only reported.
   * @throws {InputError} when a formula gives no number.
   */
  total(parts: readonly RewardComponent[]): { score: number; components: RewardComponent[] };
}

/**
 * The rule is: a failed gate makes 0; else the weighted mean Σ wᵢ·sᵢ with weights that sum to 1, or the value of the
 * formula; less a penalty maxᵢ·(1 − sᵢ) for each check that has one. The total is kept in 0–1: penalties that would take
 * more than there is are cut in proportion.
 *
 * @throws {InputError} when nothing has a weight.
 */
export function composeReward(
  config: RewardConfig,
  checks: readonly Check[],
  hasJudge: boolean,
): Composition {
  const formula = config.formula && {
    ...parseFormula(config.formula.expression),
    range: config.formula.range,
  };
  const judgeWeight = hasJudge && !formula ? config.judge_weight : 0;
  const totalWeight = checks.reduce((sum, check) => sum + check.weight, judgeWeight);
  if (!formula && totalWeight === 0) {
    throw new InputError([{ message: 'reward: without a judge, at least one check needs a weight' }]);
  }
  if (!hasJudge && formula?.names.includes(JUDGE)) {
    throw new InputError([{ message: 'reward.formula: it uses the judge, and there is none' }]);
  }
  const share = (weight: number): number => (formula ? 0 : weight / totalWeight);
  const penalties = new Map(checks.filter((c) => c.maxPenalty > 0).map((c) => [c.name, c.maxPenalty]));

  /** Before penalties: the score and who brought it. */
  function base(parts: readonly RewardComponent[]): { score: number; components: RewardComponent[] } {
    if (!formula) {
      const components = parts.map((part) => ({ ...part, contribution: part.weight * (part.score ?? 0) }));
      // The sum of the contributions itself, so that they never differ by a rounding.
      return { score: components.reduce((sum, part) => sum + part.contribution, 0), components };
    }
    const value = formula.evaluate((name) => parts.find((part) => part.name === name)?.score ?? NaN);
    if (!Number.isFinite(value)) {
      throw new InputError([{ message: `reward.formula: "${config.formula!.expression}" gives no number` }]);
    }
    const [low, high] = formula.range;
    const score = clamp((value - low) / (high - low));
    const whole = { name: 'formula', kind: 'formula', score, weight: 1, contribution: score } as const;
    return { score, components: [...parts.map((part) => ({ ...part, contribution: 0 })), whole] };
  }

  return {
    usesJudge: hasJudge && (formula === undefined || formula.names.includes(JUDGE)),
    judgeShare: share(judgeWeight),
    runChecks: (answer) => {
      const results = checks.map((check) => check.evaluate(answer));
      const components = (all: readonly CheckResult[]): RewardComponent[] =>
        checks.map(({ name, weight }, i) => ({ name, kind: 'check', weight: share(weight), ...all[i]! }));
      const ready = results.filter((result): result is CheckResult => !(result instanceof Promise));
      if (ready.length === results.length) return components(ready);
      return Promise.all(results.map(async (result) => result)).then(components);
    },
    gatedBy: (checked) => checks.find((check, i) => check.gate && (checked[i]!.score ?? 0) < 1)?.name,
    total(parts) {
      const { score, components } = base(parts);
      const asked = components.map((part) =>
        part.kind === 'check' ? (penalties.get(part.name) ?? 0) * (1 - (part.score ?? 0)) : 0,
      );
      const sum = asked.reduce((a, b) => a + b, 0);
      if (sum === 0) return { score: clamp(score), components };
      const cut = Math.min(1, score / sum);
      return {
        score: clamp(score - sum * cut),
        components: components.map((part, i) =>
          asked[i]! > 0 ? { ...part, contribution: part.contribution! - asked[i]! * cut } : part,
        ),
      };
    },
  };
}

/** Rounding in a sum must not leave 0–1. */
function clamp(score: number): number {
  return Math.min(1, Math.max(0, score));
}
