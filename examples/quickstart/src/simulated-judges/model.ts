import { random, type LanguageModel, type ModelRequest } from '@touchstone/spec';
import { plain, readFacts } from './facts.js';
import { meanOf, winner, type Seen, type SimulatedJudge } from './judges.js';
import { readPrompt, type Shown } from './prompt.js';
import { contractReview } from './worlds/contract-review.js';
import { faithfulness } from './worlds/faithfulness.js';
import { helpfulness, preference } from './worlds/helpfulness.js';
import type { World } from './worlds/world.js';

/** By the name of the template whose judge they are for. */
export const WORLDS = {
  'contract-review': contractReview,
  helpfulness,
  faithfulness,
  preference,
} satisfies Record<string, World>;

/**
 * A judge simulator as a language model: it reads the rendered prompt as a model has to, judges by rule and replies in
 * Touchstone's format.
 */
export function simulatorOf(judge: SimulatedJudge, world: World): LanguageModel {
  return {
    id: `simulator:${judge.title}`,
    version: 'simulator',
    structuredOutput: false,
    generate: (request) => {
      const text = replyOf(judge, world, request);
      return Promise.resolve({
        text: text ?? 'I cannot judge this.',
        finish: text === null ? 'refusal' : 'stop',
        inputTokens: Math.ceil(request.messages.reduce((sum, { content }) => sum + content.length, 0) / 4),
        outputTokens: Math.ceil((text ?? '').length / 4),
      });
    },
  };
}

function replyOf(judge: SimulatedJudge, world: World, request: ModelRequest): string | null {
  const { sections, criteria, marker: id } = readPrompt(request);
  const see = (candidate: string): Seen => {
    const truth = world.truth(sections, candidate);
    // What is judged, without its wording and what is wrapped around it.
    const content = [
      sections['prompt'] ?? sections['question'] ?? sections['reference'],
      ...contentOf(candidate),
    ];
    return {
      world,
      shown: sections,
      candidate,
      criteria,
      truth,
      ofContent: (criterion, value) => random(1, 'content', content.join('|'), `${criterion} ${value}`),
      ofCall: random(request.seed, 'call', candidate),
    };
  };
  const [first, second] = [sections['answer_a'], sections['answer_b']];
  if (first !== undefined && second !== undefined) {
    const [a, b] = [see(first), see(second)];
    const chosen = judge.prefer?.(a, b) ?? preferByGrade(judge, a, b);
    return (
      chosen && JSON.stringify({ id, evidence_a: '', evidence_b: '', reason: 'simulator', winner: chosen })
    );
  }
  const grades = judge.grade(see(sections['candidate'] ?? sections['answer'] ?? ''));
  if (grades === null) return null;
  const verdicts = criteria.map((criterion) => ({
    criterion: criterion.name,
    evidence: '',
    reason: 'simulator',
    score: onScale(grades[criterion.name] ?? 0, criterion),
  }));
  return JSON.stringify({ id, verdicts });
}

function preferByGrade(judge: SimulatedJudge, a: Seen, b: Seen): 'A' | 'B' | 'tie' | null {
  const [first, second] = [judge.grade(a), judge.grade(b)];
  return first && second && winner(meanOf(first), meanOf(second));
}

const onScale = (grade: number, { isBoolean, min, steps }: Shown['criteria'][number]): boolean | number =>
  isBoolean ? grade >= 0.5 : min + Math.round(grade * steps);

const contentOf = (candidate: string): string[] =>
  readFacts(plain(candidate))
    .map(({ subject, value, isDenied }) => `${subject} ${value} ${isDenied === true}`)
    .sort();
