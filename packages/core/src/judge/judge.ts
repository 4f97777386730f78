import { NO_USAGE, type Rollout, type Task, type Usage, type Verdict } from '@touchstone/spec';
import type { Price } from '../providers/schema.js';
import type { Criterion } from './criterion.js';
import type { AnswerScore } from './score.js';

/** What a judge looks at. The `id` is only repeated in verdicts, to say who was compared with whom. */
export type JudgedRollout = Pick<Rollout, 'id' | 'task' | 'response'>;

/** What a judge says of one answer. */
export interface Judgement {
  /** What the answer is worth. How verdicts become a score is the judge's own matter. */
  answer: AnswerScore;
  /**
   * One per item, or per comparison, or one for the whole answer. Empty when there is nothing to judge: a bad answer.
   * Those with a `member` are of a part of this judge; the others are its own.
   */
  verdicts: Verdict[];
  /** Of this answer's calls; what a call on several answers costs is shared out between them. */
  usage: Usage;
  /** What each member of a panel or a cascade said and cost. */
  members?: MemberJudgement[];
}

export interface MemberJudgement {
  name: string;
  /** Null when it was not asked: an earlier member was sure. */
  answer: AnswerScore | null;
  usage: Usage;
}

export interface JudgeOptions {
  /** Asks again independently, from 0; part of the idempotency key. */
  repeat?: number;
  /** When it aborts, what is not judged yet is an abstention (`timeout`), and no more calls are made. */
  signal?: AbortSignal | undefined;
}

/** The ways in which a judge can be asked once more, the one that shows most first. */
export const VARIANT_NAMES = ['criteria-reversed', 'reworded', 'other-scale'] as const;
export type VariantName = (typeof VARIANT_NAMES)[number];

/** A judge asked in another way that must not matter: the same model, and its calls are made together with the judge's own. */
export interface JudgeVariant {
  name: VariantName;
  /** Its criteria have the names that the judge's have; scales may be others. */
  judge: Judge;
}

/** Says how good answers are, with reasons, or abstains. */
export interface Judge {
  /** The model, `provider:model`, or the models with how they are put together. */
  id: string;
  /** 16 hexadecimal digits over everything that decides a verdict: model, prompts, criteria, parameters, parser. */
  fingerprint: string;
  /** What verdicts name; none where answers are compared as a whole. Panels have those of all members, each name once. */
  criteria: readonly Criterion[];
  /**
   * What verdicts on answers to this task name, where criteria come with the task; `criteria` are then their categories.
   * Default: `criteria`.
   *
   * @throws {InputError} naming the task, where its criteria are odd.
   */
  criteriaOf?(task: Task): readonly Criterion[];
  /** True when answers are compared with one another: then `judge` wants a whole group at once. Default: false. */
  compares?: boolean;
  /** The judges that this one asks: the members of a panel, what a group judge falls back to. */
  members?: readonly Judge[];
  /** Itself, asked in other ways that must not matter; each time new ones. Default: none. */
  variants?(): JudgeVariant[];
  /** Of its own calls, where it is declared. */
  price?: Price | undefined;
  /**
   * Judges the answers of one group, all to the same task: one judgement each, in order. A judge that cannot judge
   * abstains; it does not throw.
   *
   * @throws {InputError} when the task lacks what the prompt shows.
   */
  judge(rollouts_G: readonly JudgedRollout[], options?: JudgeOptions): Promise<Judgement[]>;
}

/** Of an answer with nothing in it to judge: a bad answer, and no abstention. No model is asked. */
export const NOTHING_TO_JUDGE: Judgement = {
  answer: { status: 'scored', score: 0 },
  verdicts: [],
  usage: NO_USAGE,
};
