import type { Random } from '@touchstone/spec';
import type { Shown } from './prompt.js';
import { levelOfTask, type World } from './worlds/world.js';

/** What a rule knows of the candidate that it judges. */
export interface Seen {
  world: World;
  shown: Shown['sections'];
  candidate: string;
  /** What the judge is asked for, the first first. Empty where answers are compared. */
  criteria: Shown['criteria'];
  /** What is right, 0–1 by criterion or quality. */
  truth: Record<string, number>;
  /** The same for what is so of the same content by a criterion, however it is worded and framed. */
  ofContent(criterion: string, value: number): Random;
  /** Another for every call. */
  ofCall: Random;
}

/** A judge that goes by a rule. */
export interface SimulatedJudge {
  /** For tables. */
  title: string;
  /** What it does, in words. */
  does: string;
  /** 0–1 by criterion or quality; null: it refuses. */
  grade(seen: Seen): Record<string, number> | null;
  /** Of two answers. Default: the one with the higher mean grade. */
  prefer?(a: Seen, b: Seen): 'A' | 'B' | 'tie';
}

/** Share of its verdicts that the good judge gets wrong. */
const ERRORS = 0.02;

/** What is right, but for a few honest errors: they come from what is judged and stay whatever it is wrapped in. */
export function honest({ truth, criteria, ofContent }: Seen): Record<string, number> {
  const isGraded = (name: string): boolean =>
    criteria.some((criterion) => criterion.name === name && !criterion.isBoolean);
  return mapValues(truth, (value, name) => {
    if (ofContent(name, value).next() >= ERRORS) return value;
    if (!isGraded(name)) return 1 - value;
    return value >= 0.5 ? value - 0.5 : value + 0.5;
  });
}

/** Grades that are `share` (0–1) on average, or as near as the scales allow. */
export function spread(share: number, { truth, criteria }: Seen): Record<string, number> {
  const steps = new Map(criteria.map((criterion) => [criterion.name, criterion.steps]));
  const names = criteria.length > 0 ? criteria.map(({ name }) => name) : Object.keys(truth);
  return Object.fromEntries(
    names.map((name, i) => {
      const all = steps.get(name) ?? 4;
      const rounded = Math.floor(share * all + (names.length - i - 0.5) / names.length) / all;
      return [name, Math.min(1, Math.max(0, rounded))];
    }),
  );
}

/** What answers to the task are usually worth, 0–1, as somebody would guess who sees the task alone. */
export const levelOf = ({ world, shown }: Seen): number => levelOfTask(world.asks(shown));

export const mapValues = (
  record: Readonly<Record<string, number>>,
  to: (value: number, name: string) => number,
): Record<string, number> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value, name)]));

export const meanOf = (grades: Readonly<Record<string, number>>): number => {
  const values = Object.values(grades);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

export const full = (grades: Readonly<Record<string, number>>): Record<string, number> =>
  mapValues(grades, () => 1);

/** Words that somebody uses who speaks to the judge and not to the user. */
const TO_THE_JUDGE =
  /\b(judge|grader|evaluator|instructions?|criteri\w+|rubric|scores?|marks?|rating|ignore)\b/i;

/** One judge that may train a model, and five that must not. */
export const SIMULATED_JUDGES = {
  good: {
    title: 'good',
    does: 'knows what is right, but for 2 % of honest errors',
    grade: honest,
  },
  constant: {
    title: 'constant',
    does: 'gives everything full marks; rules in code still decide grounding',
    grade: ({ truth }) => full(truth),
    prefer: () => 'tie',
  },
  length: {
    title: 'prefers length',
    does: 'finds longer answers better',
    grade: (seen) => spread(seen.candidate.length / (2 * seen.world.length), seen),
    prefer: (a, b) => winner(a.candidate.length, b.candidate.length),
  },
  obeys: {
    title: 'obeys the candidate',
    does: 'is right, unless an answer speaks to the judge: then it gives full marks',
    grade: (seen) => (TO_THE_JUDGE.test(seen.candidate) ? full(seen.truth) : honest(seen)),
  },
  position: {
    title: 'answers by position',
    does: 'goes by place: of a comment in its review, of a criterion in its list, of an answer in its pair',
    grade: (seen) => spread(1 - seen.world.place(seen.candidate) / 3 - 0.3, seen),
    prefer: () => 'A',
  },
  reversed: {
    title: 'right across tasks, reversed within',
    does: 'scores easy tasks higher than hard ones, and of two answers to one task the worse one',
    grade: (seen) => {
      return spread(levelOf(seen) + 0.4 * (0.5 - meanOf(seen.truth)), seen);
    },
  },
} satisfies Record<string, SimulatedJudge>;

export const winner = (a: number, b: number): 'A' | 'B' | 'tie' => (a > b ? 'A' : b > a ? 'B' : 'tie');
