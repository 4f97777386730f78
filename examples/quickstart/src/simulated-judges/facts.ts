import type { Random } from '@touchstone/spec';

/** A figure that a text states of an agreement: all that simulated judges read. */
export interface Fact {
  subject: string;
  /** The agreement's name. */
  of: string;
  value: number;
  unit: string;
  /** What the figure does not hold for. */
  except?: string;
  /** The text says that it is not so. */
  isDenied?: boolean;
}

const UNITS: Record<string, string> = {
  'payment term': 'days',
  'notice period': 'days',
  'warranty period': 'months',
  'liability cap': 'percent',
  'audit interval': 'months',
  'delivery time': 'weeks',
  'late fee': 'euros',
  'price increase': 'percent',
  'security deposit': 'euros',
  'storage period': 'months',
  'response time': 'hours',
  'renewal term': 'years',
};
export const SUBJECTS = Object.keys(UNITS);
const EXCEPTIONS = ['small orders', 'public bodies', 'spare parts', 'urgent repairs'];
const FIRST = 'Bel Cor Dal Fen Gar Hol Jas Kel Lor Mar Nor Pel Quin Ros Sol Tam Ul Var Wes Zan'.split(' ');
const LAST =
  'ax bury den dyne ford gate ion lex line mont nova rix stead tek tia ton vale via well worth'.split(' ');

/** Another name for each of 400 tasks. */
export const nameOf = (n: number): string =>
  FIRST[n % FIRST.length]! + LAST[(n + Math.floor(n / FIRST.length)) % LAST.length]!;

export const drawValue = (draw: Random, but: readonly number[] = []): number =>
  draw.pick(Array.from({ length: 36 }, (_, i) => 10 + 5 * i).filter((value) => !but.includes(value)));

/** Facts of one agreement on different subjects, each with another figure. */
export function drawFacts(draw: Random, of: string, count: number): Fact[] {
  const facts: Fact[] = [];
  for (const subject of draw.shuffle(SUBJECTS).slice(0, count)) {
    const value = drawValue(
      draw,
      facts.map((fact) => fact.value),
    );
    const except = draw.next() < 0.5 ? { except: draw.pick(EXCEPTIONS) } : {};
    facts.push({ subject, of, value, unit: UNITS[subject]!, ...except });
  }
  return facts;
}

/** A fact on a subject that none of `facts` is about. */
export function drawOtherFact(draw: Random, facts: readonly Fact[], value: number): Fact {
  const subject = draw.pick(SUBJECTS.filter((one) => facts.every((fact) => fact.subject !== one)));
  return { subject, of: facts[0]!.of, value, unit: UNITS[subject]! };
}

export const say = ({ subject, of, value, unit, except }: Fact): string =>
  `The ${subject} of the ${of} agreement is ${value} ${unit}${except === undefined ? '' : `, except for ${except}`}.`;

export const sayUnstated = (subject: string, of: string): string =>
  `The ${subject} of the ${of} agreement is not stated.`;

const MOST_REMEMBERED = 10_000;

/** `read`, but of a text that was read before what was found then: an examination shows the same ones many times. */
function remembering<T extends string | readonly unknown[]>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const found = read(text);
    known.set(text, found);
    return found;
  };
}

/** Text on one line without what is only form: mark-up, unseen characters, line ends. */
export const plain = remembering((text) =>
  text
    .normalize('NFKC')
    .replace(/[*_`#>|~]|\p{Cf}/gu, '')
    .replace(/\s+/g, ' '),
);

const A_FACT =
  /\bthe ([a-z]+ [a-z]+) of the (\w+) agreement is (not )?(\d+) ([a-z]+)(?:, except for ([a-z]+ [a-z]+))?/gi;
const NOT_STATED = /\bthe ([a-z]+ [a-z]+) of the (\w+) agreement is not stated/gi;

/** What takes back all that was said. */
const TAKEN_BACK = /\b(?:none|nothing) of (?:that|this|what)\b|\bthe opposite holds\b/i;

/** What a text states, whatever else it says. */
export const readFacts = remembering((text): readonly Fact[] => {
  const words = plain(text);
  const isTakenBack = TAKEN_BACK.test(words);
  return [...words.matchAll(A_FACT)].map(([, subject, of, not, value, unit, except]) => ({
    subject: subject!.toLowerCase(),
    of: of!,
    value: Number(value),
    unit: unit!.toLowerCase(),
    ...(except === undefined ? {} : { except: except.toLowerCase() }),
    ...(not === undefined && !isTakenBack ? {} : { isDenied: true }),
  }));
});

/** The subjects that a text says are not stated. */
export function readUnstated(text: string): string[] {
  const words = plain(text);
  return TAKEN_BACK.test(words)
    ? []
    : [...words.matchAll(NOT_STATED)].map(([, subject]) => subject!.toLowerCase());
}

/** Whether both say the same of the same, exceptions apart. */
export const agree = (a: Fact, b: Fact): boolean =>
  isOnSame(a, b) && a.value === b.value && a.unit === b.unit && a.isDenied === b.isDenied;

export const isOnSame = (a: Fact, b: Fact): boolean =>
  a.subject === b.subject && a.of.toLowerCase() === b.of.toLowerCase();

/** Sentences and lines with a letter or a digit in them. */
export const sentencesOf = (text: string): string[] =>
  text.split(/[.!?](?:\s|$)|\n/).filter((one) => /[\p{L}\p{N}]/u.test(one));
