import { random, type Random } from '@touchstone/spec';

/** Training tasks and held-out tasks share no party, no clause wording and no guideline value. */
export type Split = 'train' | 'heldout';

/** What is known of a generated task: the planted issue. Evaluation and judge training read it; rewards never do. */
export interface PlantedIssue {
  clauses: string[];
  /** What each clause is about. */
  subjects: string[];
  /** Index in `clauses` of the clause that the guideline is about. */
  target: number;
  guideline: string;
  subject: string;
  unit: string;
  /** Whether the guideline's limit is an upper or a lower one. */
  bound: 'max' | 'min';
  value: number;
  limit: number;
  breach: boolean;
}

interface Topic {
  subject: string;
  unit: string;
  bound: 'max' | 'min';
  /** P is the party, N the value. */
  clauses: Record<Split, string[]>;
  guidelines: Record<Split, string[]>;
}

const TOPICS: Topic[] = [
  {
    subject: 'payment term',
    unit: 'days',
    bound: 'max',
    clauses: {
      train: [
        'P shall pay each undisputed invoice within N days of receipt',
        'Invoices are payable by P no later than N days after their date',
        'All fees fall due N days after P receives a correct invoice',
        'P will settle invoices in full within N days',
        'Payment of every invoice is owed by P within N days of delivery',
      ],
      heldout: [
        'P must pay all invoices no later than N days after receipt',
        'Each correct invoice falls due N days after P receives it',
      ],
    },
    guidelines: {
      train: ['Payment terms must not exceed N days', 'Invoices must be paid within N days at most'],
      heldout: ['Payment must be made within N days at most'],
    },
  },
  {
    subject: 'notice period',
    unit: 'days',
    bound: 'min',
    clauses: {
      train: [
        'P may terminate this Agreement on N days written notice',
        'Either party may end this Agreement by giving P N days notice',
        'Termination takes effect N days after P receives written notice',
        'This Agreement ends N days after notice in writing by P',
        'P shall be given notice of termination of N days',
      ],
      heldout: [
        'P may end this Agreement by giving N days written notice',
        'Termination by P takes effect after notice of N days',
      ],
    },
    guidelines: {
      train: ['Termination notice must be at least N days', 'Notice of termination must not be below N days'],
      heldout: ['Notice of at least N days must precede termination'],
    },
  },
  {
    subject: 'confidentiality period',
    unit: 'months',
    bound: 'min',
    clauses: {
      train: [
        'P shall keep Confidential Information secret for N months after disclosure',
        'The duty of confidence binds P for N months',
        'Confidential Information stays protected by P for N months',
        'P shall not disclose Confidential Information for a period of N months',
        'Secrecy is owed by P for N months from disclosure',
      ],
      heldout: [
        'P shall keep Confidential Information protected for a period of N months',
        'The duty of secrecy binds P for N months from disclosure',
      ],
    },
    guidelines: {
      train: ['Confidentiality must last at least N months', 'Secrecy must not be below N months'],
      heldout: ['Confidentiality of at least N months must be kept'],
    },
  },
  {
    subject: 'liability cap',
    unit: 'percent',
    bound: 'max',
    clauses: {
      train: [
        'The liability of P is capped at N percent of annual fees',
        'In no event shall P be liable for more than N percent of the fees paid',
        'P is liable for losses up to N percent of the annual fees',
        'Liability of P shall be limited to N percent of fees',
        'The cap on what P owes for losses is N percent of fees',
      ],
      heldout: [
        'Liability of P is capped at N percent of the fees paid',
        'In no event shall P be liable for losses above N percent of annual fees',
      ],
    },
    guidelines: {
      train: ['The liability cap must not exceed N percent', 'Liability must be capped at N percent at most'],
      heldout: ['Liability must be limited to N percent at most'],
    },
  },
  {
    subject: 'audit interval',
    unit: 'months',
    bound: 'max',
    clauses: {
      train: [
        'P may audit the records every N months',
        'Records shall be open to inspection by P once in N months',
        'An audit of the books by P takes place every N months',
        'P shall have its records inspected every N months',
        'The books are audited for P once in N months',
      ],
      heldout: [
        'P may inspect the books every N months',
        'An audit of the records takes place for P once in N months',
      ],
    },
    guidelines: {
      train: ['The audit interval must not exceed N months', 'Audits must take place every N months at most'],
      heldout: ['Records must be audited every N months at most'],
    },
  },
];

export const UNITS = [...new Set(TOPICS.map(({ unit }) => unit))];
export const SUBJECTS = TOPICS.map(({ subject }) => subject);

const FIRST = 'Bel Cor Dal Fen Gar Hol Jas Kel Lor Mar Nor Pel Quin Ros Sol Tam Ul Var Wes Zan'.split(' ');
const LAST =
  'ax bury den dyne ford gate ion lex line mont nova rix stead tek tia ton vale via well worth'.split(' ');
const PARTIES = FIRST.flatMap((a, i) =>
  LAST.map((b, j) => ({ name: a + b, split: (i + j) % 5 === 0 ? 'heldout' : 'train' })),
);
const FILLERS = (
  'hereby duly always also then only such said any full further other prior fair timely due good proper whole same ' +
  'promptly jointly herein thereof whether unless under after before upon during about without between from with ' +
  'office branch group unit site team order letter copy form list part share sum cost tax rate bank court party'
).split(' ');

const wordsOf = (split: Split): string[] =>
  TOPICS.flatMap(({ clauses, guidelines }) => [...clauses[split], ...guidelines[split]])
    .join(' ')
    .split(' ')
    .filter((word) => word !== 'P' && word !== 'N');
/** Every word there is. Held-out wordings are new to the models, their words are not. */
const WORDS = [...new Set([...wordsOf('train'), ...wordsOf('heldout'), ...FILLERS])];
/** Words that say nothing about a clause's subject. */
const STRANGE = [...FILLERS, ...WORDS.filter((word) => !wordsOf('train').includes(word))];

const parties: Record<Split, string[]> = {
  train: PARTIES.filter((p) => p.split === 'train').map((p) => p.name),
  heldout: PARTIES.filter((p) => p.split === 'heldout').map((p) => p.name),
};

/** Clause values are any multiple of 5; guideline limits are split. */
const VALUES = Array.from({ length: 18 }, (_, i) => 10 + 5 * i);
const HELDOUT_LIMITS = [20, 35, 50, 65, 80];
const limits: Record<Split, number[]> = {
  train: VALUES.filter((v) => !HELDOUT_LIMITS.includes(v)),
  heldout: HELDOUT_LIMITS,
};

/** A word that no sentence makes likely. */
const strangeWord = (draw: Random): string =>
  draw.next() < 0.7 ? draw.pick(STRANGE) : (draw.pick(FIRST) + draw.pick(LAST)).toLowerCase();

/**
 * Disturbs a wording, so that a model can only quote what it reads and not recall a known sentence: strange words are
 * inserted, and one text in four is shuffled altogether.
 */
function roughen(draw: Random, text: string): string {
  let words = text.split(' ');
  for (let inserted = draw.integer(4); inserted > 0; inserted--) {
    words.splice(draw.integer(words.length + 1), 0, strangeWord(draw));
  }
  if (draw.next() < 0.25) words = draw.shuffle(words);
  for (let i = 0; i + 1 < words.length; i++) {
    if (draw.next() < 0.1) [words[i], words[i + 1]] = [words[i + 1]!, words[i]!];
  }
  return words.join(' ');
}

/** A marker as judges are asked to repeat: 8 letters and digits. */
export const drawMarker = (draw: Random): string =>
  Array.from({ length: 8 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[draw.integer(36)]).join('');

/**
 * Numbered lines of words without sense, to be repeated whole: teaches copying, the skill that quoting rests on. Every
 * token of the reply is a copy, which is what makes it quick to learn (in reviews one in four is).
 */
export function drawCopying(draw: Random): { prompt: string; reply: string } {
  const word = (): string => {
    const kind = draw.next();
    if (kind < 0.15) return String(draw.pick(VALUES));
    if (kind < 0.4) return drawMarker(draw);
    return kind < 0.5 ? draw.pick(parties.train) : draw.pick(WORDS);
  };
  const line = (): string => Array.from({ length: 5 + draw.integer(9) }, word).join(' ');
  const text = Array.from({ length: 2 + draw.integer(2) }, (_, i) => `${i + 1}. ${line()}.`).join('\n');
  return { prompt: `TargetDocument:\n${text}`, reply: text };
}

/** A figure against a limit, as a judge states it or as a policy decides it. */
export interface Comparison {
  value: number;
  limit: number;
  unit: string;
  bound: 'max' | 'min';
  breach: boolean;
}

/** Eight figures to compare with their limits: teaches the one piece of arithmetic that reviews need. */
export function drawComparing(
  draw: Random,
  state: (comparison: Comparison) => string,
): { prompt: string; reply: string } {
  const comparisons = Array.from({ length: 8 }, (): Comparison => {
    const [value, limit] = draw.shuffle(VALUES) as [number, number];
    const bound = draw.pick(['max', 'min'] as const);
    const unit = draw.pick(UNITS);
    return { value, limit, unit, bound, breach: bound === 'max' ? value > limit : value < limit };
  });
  const lines = comparisons.map(
    ({ value, limit, unit, bound }, i) =>
      `${i + 1}. ${value} ${unit}, at ${bound === 'max' ? 'most' : 'least'} ${limit}`,
  );
  return { prompt: `Compare:\n${lines.join('\n')}`, reply: comparisons.map(state).join('\n') };
}

/**
 * Draws a contract of two or three clauses and a guideline about one of them.
 * @param rough share of the texts whose wording is disturbed: for teaching models, not for tasks
 */
export function drawIssue(draw: Random, split: Split, rough = 0): PlantedIssue {
  const word = (text: string): string => (draw.next() < rough ? roughen(draw, text) : text);
  const topics = draw.shuffle(TOPICS).slice(0, draw.next() < 0.5 ? 2 : 3);
  const target = draw.integer(topics.length);
  const topic = topics[target]!;
  const limit = draw.pick(limits[split]);
  const value = draw.pick(VALUES.filter((v) => v !== limit));
  const fill = (template: string, n: number): string =>
    template.replace(/\bP\b/, draw.pick(parties[split])).replace(/\bN\b/, String(n));
  const clauses = topics.map((t, i) =>
    word(fill(draw.pick(t.clauses[split]), i === target ? value : draw.pick(VALUES))),
  );
  return {
    clauses,
    subjects: topics.map((t) => t.subject),
    target,
    guideline: word(draw.pick(topic.guidelines[split]).replace(/\bN\b/, String(limit))),
    subject: topic.subject,
    unit: topic.unit,
    bound: topic.bound,
    value,
    limit,
    breach: topic.bound === 'max' ? value > limit : value < limit,
  };
}

export const documentOf = (issue: PlantedIssue): string =>
  issue.clauses.map((c, i) => `${i + 1}. ${c}.`).join('\n');

export const promptOf = (issue: PlantedIssue): string =>
  `TargetDocument:\n${documentOf(issue)}\nReference:\n${issue.guideline}.\nReview the TargetDocument in JSON.`;

/** The n-th task of a seeded stream, as a JSONL line holds it. */
export function taskLine(seed: number, split: Split, name: string, n: number) {
  const issue = drawIssue(random(seed, split, name, n), split);
  return {
    id: `${name}-${n + 1}`,
    messages: [{ role: 'user' as const, content: promptOf(issue) }],
    reference_answer: `${issue.guideline}.`,
    document: documentOf(issue),
    truth: issue,
  };
}
