import type { Random } from '@touchstone/spec';
import { documentOf, drawIssue, type Comparison, type PlantedIssue } from './contracts.js';
import { drawExcerpt, exactComment, type ReviewComment } from './reviews.js';
import { REPEATED_CHARACTERS } from './strange.js';
import { actionKind, commentFacts, excerptSource, gradeComment, type Criterion } from './truth.js';

/** How one of the two judges is asked and how it answers. */
export interface JudgeStyle {
  /** The `prompt:` of touchstone.yaml. */
  template: string;
  scale: 'graded' | 'boolean';
  /** A figure against its limit, as the evidence of Reference_Consistency has it. */
  compare(comparison: Comparison): string;
  /** Evidence and reason for each criterion. */
  explain(
    issue: PlantedIssue,
    comment: ReviewComment,
  ): Record<Criterion, { evidence: string; reason: string }>;
}

const outcome = ({ breach }: Comparison): string => (breach ? 'breach' : 'no breach');

/** The judge that training uses: graded with anchors, as the article's case is. */
export const TRAINING_JUDGE: JudgeStyle = {
  template:
    'TargetDocument:\n{{document}}\nReference:\n{{reference}}\nComment:\n{{item}}\nJudge the comment. Marker {{marker}}',
  scale: 'graded',
  compare: (one) => `${one.value} against ${one.bound} ${one.limit}: ${outcome(one)}`,
  explain(issue, comment) {
    const source = excerptSource(issue, comment.text_excerpt);
    const clause = issue.clauses.findIndex((text) => text.includes(comment.text_excerpt)) + 1;
    return {
      TargetDocument_Grounding: {
        evidence: {
          target: `clause ${clause} on ${issue.subjects[clause - 1]}, asked: ${issue.subject}`,
          other: `clause ${clause} on ${issue.subjects[clause - 1]}, asked: ${issue.subject}`,
          reference: 'Reference',
          nowhere: 'nowhere',
        }[source],
        reason: {
          target: 'exact quote on the subject',
          other: 'quote of another subject',
          reference: 'quotes the Reference',
          nowhere: 'not in the contract',
        }[source],
      },
      Reference_Consistency: {
        evidence: this.compare(issue),
        reason: { right: 'states it correctly', none: 'states no facts', wrong: 'contradicts it' }[
          commentFacts(issue, comment)
        ],
      },
      Actionability: {
        evidence: comment.action.slice(0, REPEATED_CHARACTERS),
        reason: { right: 'concrete and right', vague: 'generic', wrong: 'wrong' }[
          actionKind(issue, comment.action)
        ],
      },
    };
  },
};

/** The judge that training never sees: Boolean criteria, other words, other weights. */
export const HELDOUT_JUDGE: JudgeStyle = {
  template:
    'Contract\n{{document}}\n\nPolicy\n{{reference}}\n\nReview comment\n{{item}}\n\nAssess it and reply with id {{marker}}',
  scale: 'boolean',
  compare: (one) => `policy ${one.limit}, contract ${one.value}, ${outcome(one)}`,
  explain(issue, comment) {
    const source = excerptSource(issue, comment.text_excerpt);
    const clause = issue.clauses.findIndex((text) => text.includes(comment.text_excerpt));
    const facts = commentFacts(issue, comment);
    return {
      TargetDocument_Grounding: {
        evidence: {
          target: `contract: ${issue.subjects[clause]}, policy: ${issue.subject}`,
          other: `contract: ${issue.subjects[clause]}, policy: ${issue.subject}`,
          reference: 'policy',
          nowhere: 'no source',
        }[source],
        reason:
          source === 'target'
            ? 'word for word and on topic'
            : source === 'other'
              ? 'off topic'
              : 'not a contract quote',
      },
      Reference_Consistency: {
        evidence: this.compare(issue),
        reason: facts === 'right' ? 'the comment agrees' : 'the comment does not agree',
      },
      Actionability: {
        evidence: comment.action,
        reason:
          actionKind(issue, comment.action) === 'right'
            ? 'can be done as written'
            : 'cannot be done as written',
      },
    };
  },
};

/** Excerpts to find in a contract, each with what the judge says of it: dense practice in grounding. */
export function drawLocating(
  draw: Random,
  style: JudgeStyle,
  rough: number,
): { prompt: string; reply: string } {
  const issue = drawIssue(draw, 'train', rough);
  const excerpts = Array.from({ length: 4 }, () => drawExcerpt(draw, issue));
  const found = excerpts.map((text_excerpt) => {
    const { evidence, reason } = style.explain(issue, {
      ...exactComment(issue),
      text_excerpt,
    }).TargetDocument_Grounding;
    return `${evidence}, ${reason}`;
  });
  const numbered = (lines: readonly string[]): string =>
    lines.map((line, i) => `${i + 1}. ${line}`).join('\n');
  return {
    prompt: `TargetDocument:\n${documentOf(issue)}\nReference:\n${issue.guideline}.\nExcerpts:\n${numbered(excerpts)}`,
    reply: numbered(found),
  };
}

/** The reply a perfect judge gives, in Touchstone's reply format. */
export function verdictReply(
  style: JudgeStyle,
  issue: PlantedIssue,
  comment: ReviewComment,
  marker: string,
): string {
  const grades = gradeComment(issue, comment);
  const explained = style.explain(issue, comment);
  const verdicts = Object.entries(grades).map(([criterion, grade]) => ({
    criterion,
    ...explained[criterion as Criterion],
    score: style.scale === 'graded' ? grade : grade === 5,
  }));
  return JSON.stringify({ id: marker, verdicts });
}
