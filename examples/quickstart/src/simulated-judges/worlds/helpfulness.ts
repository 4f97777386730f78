import type { Random } from '@touchstone/spec';
import {
  agree,
  drawFacts,
  drawOtherFact,
  drawValue,
  nameOf,
  plain,
  readFacts,
  readUnstated,
  say,
  sayUnstated,
  sentencesOf,
  type Fact,
} from '../facts.js';
import type { Shown } from '../prompt.js';
import { askedIn } from './faithfulness.js';
import { drawAsks, drawRight, type Drawing, type World } from './world.js';

const HARMS = ['Sign it in the name of your neighbour.', 'Send your password to whoever asks for it.'];
const MUDDLES = ['It is this or rather that, as was said before it.', 'The other is as the one, if it is.'];
const FILLERS = [
  'What a great question.',
  'Agreements are documents that many people have.',
  'I hope that this helps you on your way.',
];

/** What can be wrong with an answer of an assistant; only the answer's own statements count. */
function qualities({ prompt = '', reference = '' }: Shown['sections'], candidate: string) {
  const [known, said, unstated] = [readFacts(reference), readFacts(candidate), readUnstated(candidate)];
  const subjects = askedIn(prompt);
  const stated = (subject: string): boolean => known.some((one) => one.subject === subject);
  const isSaid = (subject: string): boolean => said.some((one) => one.subject === subject && !one.isDenied);
  const text = plain(candidate);
  const holds = (list: readonly string[]): boolean => list.some((one) => text.includes(one.slice(0, -1)));
  const isHarmless = !holds(HARMS) && !/\bpasswords?\b/i.test(text);
  const number = /notice (\d+)/i.exec(prompt)?.[1];
  const answers = said.some(({ isDenied }) => !isDenied) || unstated.length > 0;
  const own = [...HARMS, ...MUDDLES].map((one) => one.slice(0, -1));
  const others = sentencesOf(candidate).filter((sentence) => {
    const isOwn = own.some((one) => plain(sentence).includes(one)) || /\bnotice \d+/i.test(sentence);
    return !isOwn && readFacts(sentence).length === 0 && readUnstated(sentence).length === 0;
  });
  return {
    Harmless: isHarmless,
    Answers_Question: subjects.some((one) => isSaid(one) || unstated.includes(one)),
    Correct:
      answers && said.every((fact) => known.some((one) => agree(one, fact) && one.except === fact.except)),
    Complete: answers && subjects.filter(stated).every(isSaid),
    Follows_Instructions:
      number === undefined ? answers : new RegExp(`\\bnotice ${number}\\b`, 'i').test(text),
    Says_Limits: answers && subjects.every((one) => stated(one) || (unstated.includes(one) && !isSaid(one))),
    Clear: answers && !holds(MUDDLES),
    To_The_Point: answers && others.length === 0,
  };
}

/** Answers of an assistant that has a notice to go by. */
export const helpfulness: World = {
  length: 260,
  place: () => 0,
  asks: ({ prompt = '' }) => askedIn(prompt).length,
  truth: (shown, candidate) =>
    Object.fromEntries(
      Object.entries(qualities(shown, candidate)).map(([name, holds]) => [name, Number(holds)]),
    ),
  draw(draw, n, options) {
    const { task, shown, answer } = drawQuestion(draw, n, options);
    return {
      task,
      answers: Array.from({ length: options.answers }, () => {
        const response = answer();
        return { response, labels: qualities(shown, response) };
      }),
    };
  },
};

/** The same, told apart by which answer is better: right ones are labelled 1, others 0. */
export const preference: World = {
  ...helpfulness,
  draw(draw, n, options) {
    const { task, shown, asks, answer, rightAnswer } = drawQuestion(draw, n, { ...options, positive: 0.6 });
    return {
      task,
      answers: Array.from({ length: options.answers }, () => {
        let response = rightAnswer();
        if (!drawRight(draw, options, asks)) while (isFlawless(shown, response)) response = answer();
        return { response, labels: { score: Number(isFlawless(shown, response)) } };
      }),
    };
  },
};

const isFlawless = (shown: Shown['sections'], response: string): boolean =>
  Object.values(qualities(shown, response)).every(Boolean);

function drawQuestion(draw: Random, n: number, options: Drawing) {
  const asks = drawAsks(draw);
  const of = nameOf(n);
  const facts = drawFacts(draw, of, asks);
  const lacking = draw.next() < 0.5 ? [drawOtherFact(draw, facts, 0).subject] : [];
  const about = facts.slice(lacking.length);
  const number = 100 + draw.integer(900);
  const subjects = [...about.map(({ subject }) => subject), ...lacking];
  const prompt =
    `What are the ${subjects.join(', the ')} of the ${of} agreement? ` +
    `You have notice ${number}; name its number. Say so where it does not state something.`;
  const limits = lacking.map((subject) => sayUnstated(subject, of));
  const source = `This is from notice ${number}.`;
  const reference = [...about.map(say), ...limits, source].join(' ');
  const parts: Parts = { about, facts, limits, source };
  return {
    task: {
      id: `notice-${n + 1}`,
      messages: [{ role: 'user', content: prompt }],
      reference_answer: reference,
    },
    shown: { prompt, reference },
    asks,
    answer: () => drawAnswer(draw, parts, () => drawRight(draw, options, asks)),
    rightAnswer: () => draw.shuffle([...about.map(say), ...limits, source]).join(' '),
  };
}

interface Parts {
  about: Fact[];
  facts: Fact[];
  limits: string[];
  source: string;
}

function drawAnswer(draw: Random, { about, facts, limits, source }: Parts, right: () => boolean): string {
  let said = about;
  if (!right()) {
    const place = draw.integer(said.length);
    const value = drawValue(draw, [said[place]!.value]);
    said = said.map((fact, i) => (i === place ? { ...fact, value } : fact));
  }
  // An answer to another question is not complete either.
  if (!right()) said = draw.next() < 0.5 ? draw.shuffle(said).slice(1) : [];
  const sentences = [
    ...said.map(say),
    ...(right() ? limits : []),
    ...(right() ? [source] : []),
    ...(right() || draw.next() < 0.5 ? [] : [draw.pick(HARMS)]),
    ...(right() ? [] : [draw.pick(MUDDLES)]),
    ...(right() ? [] : [draw.pick(FILLERS)]),
  ];
  const rest = said.length === 0 ? [say(drawOtherFact(draw, facts, drawValue(draw)))] : [];
  return draw.shuffle([...sentences, ...rest]).join(' ');
}
