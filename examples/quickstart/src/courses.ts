import type { Random } from '@touchstone/spec';
import {
  documentOf,
  drawComparing,
  drawIssue,
  drawMarker,
  promptOf,
  type PlantedIssue,
  type Split,
} from './contracts.js';
import {
  BASE_RATES,
  drawComment,
  drawHabit,
  exactComment,
  writeReview,
  type ReviewComment,
} from './reviews.js';
import { drawStrangeComment } from './strange.js';
import { gradeComment, parseReview, truthScore } from './truth.js';
import { drawLocating, HELDOUT_JUDGE, TRAINING_JUDGE, verdictReply, type JudgeStyle } from './verdicts.js';

/** Share of disturbed wordings in lessons: without them models learn the sentences by heart and quote from memory. */
const ROUGH = 0.9;

interface Lesson {
  prompt: string;
  reply: string;
}

/** A part of a model's training. */
export interface Teaching {
  /** What its lessons are drawn for, beside the course's seed. */
  purpose: string;
  steps: number;
  /** Highest learning rate. */
  rate: number;
  lesson(draw: Random, step: number): Lesson;
}

/** What a model learns from, and how well its sampled replies do on held-out tasks (0–1). */
export interface Course {
  seed: number;
  architecture: {
    hidden_size: number;
    intermediate_size: number;
    num_hidden_layers: number;
    num_attention_heads: number;
    num_key_value_heads: number;
  };
  steps: number;
  /** Lessons a step. */
  batch: number;
  /** Practice in one skill at a time: more decisions a token than a whole reply has. */
  practise(draw: Random): Lesson;
  lesson(draw: Random, split: Split): Lesson & { grade(reply: string): Record<string, number> };
  /** What it learns afterwards. The tokenizer has not seen these lessons. The committed judge has had them twice. */
  hardening?: Teaching;
}

function judgeLesson(style: JudgeStyle) {
  return (draw: Random, split: Split) => {
    const issue = drawIssue(draw, split, split === 'train' ? ROUGH : 0);
    const comment = drawComment(draw, issue);
    const asked = askOf(style, issue, JSON.stringify(comment), comment, drawMarker(draw));
    return { ...asked, grade: (text: string) => gradeVerdict(text, style, issue, comment, asked.reply) };
  };
}

/** The prompt as `createRenderer` of core fills it, and the reply of a perfect judge. */
function askOf(
  style: JudgeStyle,
  issue: PlantedIssue,
  item: string,
  comment: ReviewComment,
  marker: string,
): Lesson {
  const fields: Record<string, string> = {
    document: documentOf(issue),
    reference: `${issue.guideline}.`,
    item,
    marker,
  };
  return {
    prompt: style.template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => fields[name]!),
    reply: verdictReply(style, issue, comment, marker),
  };
}

/**
 * Comments that hold what belongs to no review: words to anybody, another case, fields in another order, far too much;
 * between them usual lessons and practice.
 */
function hardLesson(style: JudgeStyle, draw: Random): Lesson {
  const kind = draw.next();
  if (kind < 0.2) return judgePractice(style)(draw);
  if (kind < 0.55) return judgeLesson(style)(draw, 'train');
  const issue = drawIssue(draw, 'train', ROUGH);
  const other = drawIssue(draw, 'train');
  const praise = verdictReply(style, other, exactComment(other), drawMarker(draw));
  const { comment, item } = drawStrangeComment(draw, issue, other, praise);
  return askOf(style, issue, item, comment, drawMarker(draw));
}

/** Comparing figures and finding excerpts, one as often as the other. */
const judgePractice = (style: JudgeStyle) => (draw: Random) =>
  draw.next() < 0.4 ? drawComparing(draw, style.compare) : drawLocating(draw, style, ROUGH);

function gradeVerdict(
  text: string,
  style: JudgeStyle,
  issue: PlantedIssue,
  comment: ReviewComment,
  reply: string,
) {
  const expected = gradeComment(issue, comment);
  const scores: Record<string, number> = { exact: Number(text === reply) };
  let verdicts: { criterion: string; score: unknown }[] = [];
  try {
    verdicts = (JSON.parse(text) as { verdicts: typeof verdicts }).verdicts;
  } catch {
    // Counts as wrong below.
  }
  scores['parsed'] = Number(verdicts.length > 0);
  scores['marker'] = Number(text.startsWith(reply.slice(0, 18)));
  for (const [criterion, grade] of Object.entries(expected)) {
    const got = verdicts.find((v) => v.criterion === criterion)?.score;
    scores[criterion] = Number(got === (style.scale === 'graded' ? grade : grade === 5));
  }
  return scores;
}

export const COURSES: Record<string, Course> = {
  policy: {
    seed: 11,
    architecture: {
      hidden_size: 192,
      intermediate_size: 384,
      num_hidden_layers: 3,
      num_attention_heads: 6,
      num_key_value_heads: 3,
    },
    steps: 1800,
    batch: 64,
    practise: (draw) =>
      drawComparing(
        draw,
        ({ value, limit, unit, bound, breach }) =>
          `is ${value} ${unit}, the ${bound === 'max' ? 'limit' : 'minimum'} is ${limit}.","comment_type":"${breach ? 'risk' : 'compliant'}`,
      ),
    lesson(draw, split) {
      const issue = drawIssue(draw, split, split === 'train' ? ROUGH : 0);
      return {
        prompt: promptOf(issue),
        reply: writeReview(draw, issue, drawHabit(draw, BASE_RATES)),
        grade: (reply) => ({
          valid: Number(parseReview(reply) !== null),
          truth: truthScore({ truth: issue as never }, reply),
          exact: Number(truthScore({ truth: issue as never }, reply) === 1),
        }),
      };
    },
  },
  judge: {
    seed: 21,
    architecture: {
      hidden_size: 192,
      intermediate_size: 384,
      num_hidden_layers: 4,
      num_attention_heads: 6,
      num_key_value_heads: 3,
    },
    steps: 2400,
    batch: 40,
    practise: judgePractice(TRAINING_JUDGE),
    lesson: judgeLesson(TRAINING_JUDGE),
    hardening: {
      purpose: 'hardening',
      steps: 600,
      rate: 6e-4,
      lesson: (draw) => hardLesson(TRAINING_JUDGE, draw),
    },
  },
  heldout: {
    seed: 31,
    architecture: {
      hidden_size: 160,
      intermediate_size: 320,
      num_hidden_layers: 4,
      num_attention_heads: 5,
      num_key_value_heads: 5,
    },
    steps: 2000,
    batch: 40,
    practise: judgePractice(HELDOUT_JUDGE),
    lesson: judgeLesson(HELDOUT_JUDGE),
  },
};
