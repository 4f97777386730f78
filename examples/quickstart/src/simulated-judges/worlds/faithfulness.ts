import type { Random } from '@touchstone/spec';
import {
  agree,
  drawFacts,
  drawOtherFact,
  drawValue,
  isOnSame,
  nameOf,
  plain,
  readFacts,
  readUnstated,
  say,
  sayUnstated,
  SUBJECTS,
  type Fact,
} from '../facts.js';
import { drawAsks, drawRight, type Drawing, type World } from './world.js';

/** The subjects that a question asks for. */
export const askedIn = (question: string): string[] => {
  const text = plain(question).toLowerCase();
  return SUBJECTS.filter((subject) => text.includes(subject));
};

/** Answers to a question from passages, which may not have all that is asked for. */
export const faithfulness: World = {
  length: 190,
  place: () => 0,
  asks: ({ question = '' }) => askedIn(asked(question)).length,
  truth({ context = '', question = '' }, candidate) {
    const known = readFacts(context);
    // Who repeats what was asked, context and all, has not answered.
    const own = candidate.replace(/Answer from the context only\.[^]*?\?/g, '');
    const said = readFacts(own);
    const unstated = readUnstated(own);
    if (said.length === 0 && unstated.length === 0)
      return {
        No_Contradiction: 1,
        Supported: 0,
        Exact_Figures: 0,
        Keeps_Conditions: 0,
        Answers_From_Context: 0,
      };
    const there = (fact: Fact): Fact | undefined => known.find((one) => isOnSame(one, fact));
    const isRight = (fact: Fact): boolean => known.some((one) => agree(one, fact));
    return {
      No_Contradiction: Number(said.every((fact) => there(fact) === undefined || isRight(fact))),
      Supported: Number(said.every(isRight)),
      Exact_Figures: Number(said.every(({ value }) => known.some((one) => one.value === value))),
      Keeps_Conditions: Number(
        said.every((fact) => there(fact)?.except === undefined || fact.except === there(fact)!.except),
      ),
      Answers_From_Context: Number(
        askedIn(asked(question)).every((subject) =>
          known.some((one) => one.subject === subject)
            ? said.some((fact) => fact.subject === subject)
            : unstated.includes(subject),
        ),
      ),
    };
  },
  draw(draw, n, options) {
    const asks = drawAsks(draw);
    const of = nameOf(n);
    const facts = drawFacts(draw, of, asks + 2);
    const lacking = draw.next() < 0.3 ? [drawOtherFact(draw, facts, 0).subject] : [];
    const about = draw.shuffle(facts).slice(0, asks - lacking.length);
    const question = `What are the ${[...about.map(({ subject }) => subject), ...lacking].join(', the ')} of the ${of} agreement?`;
    const context = facts.map(say).join(' ');
    const content = `Answer from the context only.\n\nContext: ${context}\n\nQuestion: ${question}`;
    return {
      task: { id: `question-${n + 1}`, messages: [{ role: 'user', content }], context },
      answers: Array.from({ length: options.answers }, () => {
        const response = drawAnswer(draw, { facts, about, lacking, asks }, options);
        const labels = faithfulness.truth({ context, question: content }, response);
        return {
          response,
          labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value === 1])),
        };
      }),
    };
  },
};

/** The prompt repeats the context before the question. */
const asked = (question: string): string => question.split('Question:').at(-1)!;

function drawAnswer(
  draw: Random,
  { facts, about, lacking, asks }: { facts: Fact[]; about: Fact[]; lacking: string[]; asks: number },
  options: Drawing,
): string {
  const right = (): boolean => drawRight(draw, options, asks);
  let said = [...about];
  let unstated = [...lacking];
  const [isComplete, saysLimits] = [right(), right()];
  if (!isComplete) said = draw.shuffle(said).slice(1);
  else if (!saysLimits) unstated = [];
  if (!right()) said = said.map(({ except: _, ...fact }) => fact);
  if (!right()) {
    // Figures from the context and others.
    const value =
      draw.next() < 0.3
        ? draw.pick(facts).value
        : drawValue(
            draw,
            facts.map((fact) => fact.value),
          );
    const place = draw.integer(said.length);
    if (draw.next() < 0.5 && said.length > 0)
      said = said.map((fact, i) => (i === place ? { ...fact, value } : fact));
    else said.push(drawOtherFact(draw, facts, value));
  }
  const of = facts[0]!.of;
  const sentences = [...said.map(say), ...unstated.map((subject) => sayUnstated(subject, of))];
  return draw.shuffle(sentences.length > 0 ? sentences : [say(drawOtherFact(draw, facts, 1))]).join(' ');
}
