import type { Random } from '@touchstone/spec';
import {
  drawFacts,
  drawOtherFact,
  drawValue,
  isOnSame,
  nameOf,
  agree,
  plain,
  readFacts,
  say,
  type Fact,
} from '../facts.js';
import { drawAsks, drawRight, type Drawing, type World } from './world.js';

/** A rule that the contract is held against. */
interface Guideline {
  subject: string;
  bound: 'most' | 'least';
  limit: number;
  unit: string;
}

/** Strings, because a candidate may hold anything. */
type Comment = Record<'comment_id' | 'text_excerpt' | 'comment_type' | 'comment' | 'action', string>;

const ASK =
  'Review the contract against the guidelines. Reply with a JSON list of comments, one for each guideline, in their order, ' +
  'each with comment_id, text_excerpt, comment_type (risk or compliant), comment and action.';
const VAGUE_COMMENTS = ['This passage may need attention.', 'Please look at this passage.'];
const VAGUE_ACTIONS = ['Discuss it with counsel.', 'Consider a change.'];
const NO_CHANGE = 'No change.';

const isBreached = (fact: Fact, { bound, limit }: Guideline): boolean =>
  bound === 'most' ? fact.value > limit : fact.value < limit;
const sayLimit = ({ bound, limit, unit }: Guideline): string => `at ${bound} ${limit} ${unit}`;
const sayGuideline = (guideline: Guideline, i: number): string =>
  `${i + 1}. The ${guideline.subject} must be ${sayLimit(guideline)}.`;
const sayFinding = (fact: Fact, guideline: Guideline): string =>
  `${say(fact)} The guideline says ${sayLimit(guideline)}.`;
const sayChange = (fact: Fact, guideline: Guideline): string =>
  `Change ${fact.value} ${fact.unit} to ${guideline.limit} ${guideline.unit}.`;

const A_GUIDELINE = /\bthe ([a-z]+ [a-z]+) must be at (most|least) (\d+) ([a-z]+)/gi;
const readGuidelines = (text: string): Guideline[] =>
  [...plain(text).matchAll(A_GUIDELINE)].map(([, subject, bound, limit, unit]) => ({
    subject: subject!.toLowerCase(),
    bound: bound!.toLowerCase() as Guideline['bound'],
    limit: Number(limit),
    unit: unit!,
  }));

/** Reviews of contracts: one comment for each guideline, and each comment is judged for itself. */
export const contractReview: World = {
  length: 330,
  place: (candidate) => (Number(readComment(candidate).comment_id) || 1) - 1,
  asks: ({ reference = '' }) => readGuidelines(reference).length,
  truth({ TargetDocument: document = '', reference = '' }, candidate) {
    const comment = readComment(candidate);
    const guideline = readGuidelines(reference)[Number(comment.comment_id) - 1];
    const facts = readFacts(document);
    const fact = facts.find(({ subject }) => subject === guideline?.subject);
    if (guideline === undefined || fact === undefined)
      return { TargetDocument_Grounding: 0, Reference_Consistency: 0, Actionability: 0 };
    return {
      TargetDocument_Grounding: groundingOf(comment, fact, facts),
      Reference_Consistency: consistencyOf(comment, fact, guideline),
      Actionability: actionabilityOf(comment, fact, guideline),
    };
  },
  draw(draw, n, options) {
    const asks = drawAsks(draw);
    const facts = drawFacts(draw, nameOf(n), asks + 1);
    const guidelines = draw
      .shuffle(facts)
      .slice(0, asks)
      .map((fact): Guideline => ({
        subject: fact.subject,
        bound: draw.pick(['most', 'least'] as const),
        limit: drawValue(draw, [fact.value]),
        unit: fact.unit,
      }));
    const document = facts.map((fact, i) => `${i + 1}. ${say(fact)}`).join('\n');
    const reference = guidelines.map(sayGuideline).join('\n');
    const content = `${ASK}\n\nContract:\n${document}\n\nGuidelines:\n${reference}`;
    return {
      task: {
        id: `contract-${n + 1}`,
        messages: [{ role: 'user', content }],
        reference_answer: reference,
        document,
      },
      answers: Array.from({ length: options.answers }, () => {
        const comments = guidelines.map((guideline, i) =>
          drawComment(draw, facts, guideline, i, options, asks),
        );
        const shown = { TargetDocument: document, reference };
        return {
          response: JSON.stringify(comments),
          labels: comments.map((comment) =>
            Object.fromEntries(
              Object.entries(contractReview.truth(shown, JSON.stringify(comment))).map(([name, value]) => [
                name,
                1 + 4 * value,
              ]),
            ),
          ),
        };
      }),
    };
  },
};

function drawComment(
  draw: Random,
  facts: readonly Fact[],
  guideline: Guideline,
  i: number,
  options: Drawing,
  asks: number,
): Comment {
  const fact = facts.find(({ subject }) => subject === guideline.subject)!;
  const breached = isBreached(fact, guideline);
  const [quoteIsRight, typeIsRight, actionIsRight] = [0, 1, 2].map(() => drawRight(draw, options, asks));
  /** Of what is not wrong a part is only middling. */
  const isFull = (): boolean => draw.next() < 0.8;
  const excerpt = quoteIsRight
    ? isFull()
      ? say(fact)
      : say(draw.pick(facts.filter((one) => one !== fact)))
    : draw.next() < 0.5
      ? sayGuideline(guideline, i).slice(3)
      : say(drawOtherFact(draw, facts, fact.value));
  const change = sayChange(fact, guideline);
  const [right, wrong] = breached ? [change, NO_CHANGE] : [NO_CHANGE, change];
  const action = !actionIsRight ? wrong : isFull() ? right : draw.pick(VAGUE_ACTIONS);
  return {
    comment_id: String(i + 1),
    text_excerpt: excerpt,
    comment_type: breached === typeIsRight ? 'risk' : 'compliant',
    comment: isFull() ? sayFinding(fact, guideline) : draw.pick(VAGUE_COMMENTS),
    action,
  };
}

function readComment(candidate: string): Comment {
  let read: unknown;
  try {
    read = JSON.parse(candidate);
  } catch {
    // Cut off: nothing of it counts.
  }
  const of = (key: string): string => {
    const value = typeof read === 'object' && read !== null ? (read as Record<string, unknown>)[key] : '';
    return typeof value === 'string' ? value : '';
  };
  return {
    comment_id: of('comment_id'),
    text_excerpt: of('text_excerpt'),
    comment_type: of('comment_type'),
    comment: of('comment'),
    action: of('action'),
  };
}

function groundingOf({ text_excerpt }: Comment, fact: Fact, facts: readonly Fact[]): number {
  const quoted = readFacts(text_excerpt);
  if (quoted.length === 0 || !quoted.every((one) => facts.some((there) => agree(one, there)))) return 0;
  return quoted.some((one) => isOnSame(one, fact)) ? 1 : 0.5;
}

function consistencyOf({ comment_type, comment }: Comment, fact: Fact, guideline: Guideline): number {
  if (plain(comment_type).trim().toLowerCase() !== (isBreached(fact, guideline) ? 'risk' : 'compliant'))
    return 0;
  const stated = readFacts(comment);
  if (stated.some((one) => !agree(one, fact))) return 0;
  return stated.length > 0 && plain(comment).includes(`says ${sayLimit(guideline)}`) ? 1 : 0.5;
}

function actionabilityOf({ action }: Comment, fact: Fact, guideline: Guideline): number {
  const said = plain(action).toLowerCase();
  const change = sayChange(fact, guideline).slice(0, -1).toLowerCase();
  const [changes, leaves] = [said.includes(change), said.includes('no change')];
  if (changes || leaves) return changes === isBreached(fact, guideline) && changes !== leaves ? 1 : 0;
  return VAGUE_ACTIONS.some((vague) => said.includes(vague.slice(0, -1).toLowerCase())) ? 0.5 : 0;
}
