import {
  createReward,
  openReward,
  type Judge,
  type JudgeConfig,
  type RewardFunction,
} from '@touchstone/core';
import { InputError, type ReplyCache } from '@touchstone/spec';
import type { ScoringConfig } from '../config/schema.js';
import { rewardResources } from '../workspace/reward-resources.js';

/** A judge that scores single answers, with the checks before it. */
export interface ScoringJudge {
  /** What its scores are called. */
  name: string;
  /** What it costs is that of this part of the configuration. */
  config: JudgeConfig;
  judge: Judge;
  reward: RewardFunction;
}

/** Everybody that an evaluation asks. */
export interface EvaluationJudges {
  judge: ScoringJudge | null;
  /** What scores: with the judge where there is one, else the checks alone; null: there are neither. */
  reward: RewardFunction | null;
  heldout: ScoringJudge | null;
  /** `evaluation.judges`, and the judge asked in other ways. */
  further: ScoringJudge[];
  /** Compares the models' answers pair by pair; null: no judge is of that kind. */
  duelist: { name: string; config: JudgeConfig; judge: Judge } | null;
  remarks: string[];
}

/** @throws {InputError} a judge or a check cannot be opened, two judges are one, or one compares answers in another way than in pairs. */
export async function openJudges(
  config: ScoringConfig,
  baseDir: string,
  cache: ReplyCache,
): Promise<EvaluationJudges> {
  const resources = { ...(await rewardResources(config, baseDir)), cache };
  const { seed, reward: parts, evaluation } = config;
  const named: [string, JudgeConfig | undefined][] = [
    ['judge', config.judge],
    ['heldout_judge', config.heldout_judge],
    ...Object.entries(evaluation.judges ?? {}),
  ];
  const scoring: ScoringJudge[] = [];
  const duelists: NonNullable<EvaluationJudges['duelist']>[] = [];
  for (const [name, judge] of named) {
    if (judge === undefined) continue;
    const opened = { name, config: judge, ...(await openReward({ seed, judge, reward: parts }, resources)) };
    if (opened.judge.compares !== true) scoring.push(opened);
    else if (judge.kind === 'preference') duelists.push(opened);
    else throw new InputError([{ message: `${name}: ${ONLY_PAIRS}, got kind: ${judge.kind}` }]);
  }
  if (duelists.length > 1) {
    const names = duelists.map(({ name }) => name).join(' and ');
    throw new InputError([
      { message: `expected one judge of kind preference, got ${names}: their verdicts would be mixed` },
    ]);
  }
  assertDistinct([...scoring, ...duelists]);
  const [judge, heldout] = ['judge', 'heldout_judge'].map(
    (name) => scoring.find((one) => one.name === name) ?? null,
  );
  const variants = evaluation.judge_variants && judge ? (judge.judge.variants?.() ?? []) : [];
  return {
    judge: judge!,
    heldout: heldout!,
    reward:
      judge?.reward ??
      (parts.checks.length > 0 ? (await openReward({ seed, reward: parts }, resources)).reward : null),
    further: [
      ...variants.map(({ name, judge: other }) => ({
        name: `judge (${name})`,
        config: judge!.config,
        judge: other,
        reward: createReward(parts, other, resources),
      })),
      ...scoring.filter((one) => one !== judge && one !== heldout),
    ],
    duelist: duelists[0] ?? null,
    remarks:
      evaluation.judge_variants && variants.length === 0
        ? ['evaluation.judge_variants: the judge cannot be asked in other ways']
        : [],
  };
}

const ONLY_PAIRS =
  'a judge that compares answers in groups says nothing across models: expected one that scores single answers, or kind: preference, which compares the models pair by pair';

function assertDistinct(judges: readonly { name: string; judge: Judge }[]): void {
  for (const [i, { name, judge }] of judges.entries()) {
    const same = judges.slice(0, i).find((one) => one.judge.fingerprint === judge.fingerprint);
    if (same)
      throw new InputError([
        { message: `${name}: expected another judge than ${same.name}: it would agree with itself` },
      ]);
  }
}
