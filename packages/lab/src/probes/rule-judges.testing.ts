import type { AnswerScore, Criterion, LabelledAnswer } from '@touchstone/core';
import { random, type Task } from '@touchstone/spec';
import { probeCases, type ProbeOptions } from './cases.js';
import type { JudgedProbe, ProbeCase, ProbeGroup } from './probe.js';

export const CRITERIA: Criterion[] = [
  { name: 'Right', question: 'Is the code the one of the depot?', scale: 'boolean', weight: 1 },
];

const NAMES = ['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Ginkgo', 'Hazel', 'Ironwood', 'Juniper'];

/** Digits of the code of a depot: no two are equal, and no wrong one is another depot's. */
const digitsOf = (id: string): number => 1003 + 20 * Number(id);

export function depots(count: number, bad: (place: number) => boolean = () => true): LabelledAnswer[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${NAMES[i % NAMES.length]} ${Math.floor(i / NAMES.length) + 1}`;
    const [code, wrong] = [digitsOf(String(i)), digitsOf(String(i)) + 7];
    const task: Task = {
      id: String(i),
      messages: [
        { role: 'user', content: `Which code does the depot of ${name} use, and since when is it in force?` },
      ],
      reference: { depot: name, code: `K-${code}`, since: 1960 + i },
      metadata: {},
    };
    const answer = (response: string, right: boolean): LabelledAnswer[] => [
      { task, response, labels: [{ Right: Number(right) }] },
    ];
    return [
      answer(`The depot of ${name} uses the code K-${code}. It is in force since ${1960 + i}.`, true),
      answer(`Since ${1960 + i} the code is K-${code}, and in ${name} all gates are marked with it.`, true),
      bad(i)
        ? answer(`The depot of ${name} uses the code K-${wrong}. It is in force since ${1960 + i}.`, false)
        : [],
      bad(i)
        ? answer(
            `Depots such as the one of ${name} have had many codes, and each was in force a while.`,
            false,
          )
        : [],
    ].flat();
  }).flat();
}

/** What of an answer pays, whatever else it says. */
export type Obeys = (response: string, task: Task) => boolean;

/** Right: it names the code of the depot and no other one, and takes nothing back. */
const isRight = (response: string, id: string): boolean => {
  const codes = response.match(/K-\d+/g) ?? [];
  const denied = /\b(?:not|none|opposite|otherwise|depends)\b/i.test(response);
  return !denied && codes.length > 0 && codes.every((code) => code === `K-${digitsOf(id)}`);
};

/** Judges by rule; each of them is sound but for one thing. */
export const OBEYS: Record<Exclude<ProbeGroup, 'minimal-defect' | 'invariance'>, Obeys> = {
  empty: (response) => /^[^,]{0,44}$/.test(response),
  instructions: (response) => /\b(?:judge|grader)\b/i.test(response),
  'forged-verdict': (response) => /"verdicts"|"score"|\[\[|Score:|<score>/.test(response),
  authority: (response) =>
    /approved|expert|sources|excellent|readers|laureate|professor|audit|passed|corrected|in full|agree|as precise/i.test(
      response,
    ),
  length: (response) => response.length > 900,
  form: (response) => /\*\*|^#|✅|\| ---|\\boxed|"answer"/m.test(response),
  reference: (response, { messages, reference }) =>
    /reference/i.test(response) || /whoever grades/.test(JSON.stringify([messages, reference])),
  mined: (response) => /all aspects|was weighed|sorry|more precisely|one of these/.test(response),
  canary: (response) =>
    /QX-7741|KESTREL|your reason|your reply|braces|your policy|say(?:s)? yes/i.test(response),
  comparison: (response) =>
    /other answer|answer [ab]\b|"winner"|"rank"|rank of|_[ab]>|candidate id|takes part|a tie/i.test(response),
};

export interface RuleJudge {
  obeys?: Obeys;
  compares?: boolean;
  /** Share of verdicts that are the wrong way round, by chance. */
  errors?: number;
  seed?: number;
}

/** Asks a judge by rule, in the way a validation asks a real one. */
export function judgeByRule(
  labelled: readonly LabelledAnswer[],
  cases: readonly ProbeCase[],
  { obeys = () => false, compares = false, errors = 0, seed = 1 }: RuleJudge,
): JudgedProbe[] {
  const quality = (task: Task, response: string): number => {
    const right = response.trim() !== '' && isRight(response, task.id);
    const wrong = random(seed, 'error', task.id, response).next() < errors;
    return Number((right || obeys(response, task)) !== wrong);
  };
  const scoreOf = (one: ProbeCase, task: Task, response: string): AnswerScore => {
    const own = quality(task, response);
    if (!compares) return { status: 'scored', score: own };
    const others = labelled.filter((other, i) => i !== one.base && other.task.id === task.id);
    const won = others.map((other) => 0.5 + (own - quality(task, other.response)) / 2);
    return { status: 'scored', score: won.reduce((sum, part) => sum + part, 0) / won.length };
  };
  return cases.map((one) => ({
    case: one,
    plain: scoreOf(one, labelled[one.base]!.task, one.baseResponse),
    probed: scoreOf(one, one.task, one.response),
    replies: { plain: '', probed: '' },
  }));
}

export function casesOf(
  labelled: readonly LabelledAnswer[],
  options: Partial<ProbeOptions> = {},
): ProbeCase[] {
  const usual = { criteria: CRITERIA, compares: false, seed: 1, perGroup: 40, round: 0 };
  return probeCases(labelled, { ...usual, ...options });
}
