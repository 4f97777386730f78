import { parseReply } from '@touchstone/core';
import { random } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { drawIssue, taskLine, type PlantedIssue } from './contracts.js';
import {
  ANNOTATION_RATES,
  BASE_RATES,
  CLEAN_RATES,
  drawComment,
  drawHabit,
  exactComment,
  HABITS,
  writeReview,
} from './reviews.js';
import { CRITERIA, excerptSource, gradeComment, parseReview, truthScore } from './truth.js';
import { HELDOUT_JUDGE, TRAINING_JUDGE, verdictReply } from './verdicts.js';

const issues = (split: 'train' | 'heldout', count = 400): PlantedIssue[] =>
  Array.from({ length: count }, (_, i) => drawIssue(random(1, split, i), split));
const asTask = (issue: PlantedIssue) => ({ truth: JSON.parse(JSON.stringify(issue)) });

describe('contracts', () => {
  it('hold training and held-out tasks apart: no common party, wording or guideline value', () => {
    const traits = (split: 'train' | 'heldout') => {
      const words = new Set<string>();
      const wordings = new Set<string>();
      const limits = new Set<number>();
      for (const { clauses, guideline, limit } of issues(split)) {
        limits.add(limit);
        for (const text of [...clauses, guideline]) {
          // A party is the only capitalised word of two name parts; blanking it and the number leaves the wording.
          const party =
            /\b(?:Bel|Cor|Dal|Fen|Gar|Hol|Jas|Kel|Lor|Mar|Nor|Pel|Quin|Ros|Sol|Tam|Ul|Var|Wes|Zan)[a-z]{2,}\b/.exec(
              text,
            )?.[0];
          if (party) words.add(party);
          wordings.add(text.replace(party ?? '', 'P').replace(/\d+/, 'N'));
        }
      }
      return { words, wordings, limits };
    };
    const [train, heldout] = [traits('train'), traits('heldout')];
    for (const key of ['words', 'wordings', 'limits'] as const) {
      const common = [...heldout[key]].filter((value) => (train[key] as Set<unknown>).has(value));
      expect(common, key).toEqual([]);
      expect(heldout[key].size).toBeGreaterThan(3);
    }
  });

  it('plant what they say: the value is in the target clause, the breach follows from the bound', () => {
    for (const { clauses, target, value, limit, bound, breach, guideline } of issues('heldout')) {
      expect(clauses[target]).toContain(` ${value} `);
      expect(guideline).toContain(` ${limit} `);
      expect(breach).toBe(bound === 'max' ? value > limit : value < limit);
    }
  });

  it('are the same for the same seed and differ for another', () => {
    expect(taskLine(1, 'train', 'train', 5)).toEqual(taskLine(1, 'train', 'train', 5));
    expect(taskLine(2, 'train', 'train', 5)).not.toEqual(taskLine(1, 'train', 'train', 5));
  });
});

describe('reviews', () => {
  it('grade each habit down where it is wrong, and only there', () => {
    issues('train', 60).forEach((issue, i) => {
      const draw = random(2, i);
      const grades = (habit: (typeof HABITS)[number]) => {
        const review = parseReview(writeReview(draw, issue, habit));
        return review && Object.values(gradeComment(issue, review[0]!));
      };
      expect(grades('exact')).toEqual([5, 5, 5]);
      expect(grades('quotes-reference')).toEqual([1, 5, 5]);
      expect(grades('quotes-other-clause')).toEqual([3, 5, 5]);
      expect(grades('vague')).toEqual([5, 3, 3]);
      expect(grades('wrong-type')).toEqual([5, 1, 1]);
      expect(grades('broken-json')).toBeNull();
      expect(truthScore(asTask(issue), writeReview(draw, issue, 'exact'))).toBe(1);
    });
  });

  it('come at the rates that are declared', () => {
    for (const rates of [BASE_RATES, ANNOTATION_RATES, CLEAN_RATES]) {
      expect(HABITS.reduce((sum, habit) => sum + rates[habit], 0)).toBeCloseTo(1, 9);
    }
    const draw = random(3);
    const habits = Array.from({ length: 4000 }, () => drawHabit(draw, BASE_RATES));
    for (const habit of HABITS) {
      const share = habits.filter((one) => one === habit).length / habits.length;
      expect(Math.abs(share - BASE_RATES[habit])).toBeLessThan(0.03);
    }
  });

  it('are never taken for grounded when a word of the quote is changed', () => {
    let altered = 0;
    issues('train').forEach((issue, i) => {
      const comment = drawComment(random(4, i), issue);
      const source = excerptSource(issue, comment.text_excerpt);
      const found = issue.clauses.some((clause) => clause.includes(comment.text_excerpt));
      expect(source === 'target' || source === 'other').toBe(found);
      if (source === 'nowhere') altered += 1;
    });
    expect(altered).toBeGreaterThan(20);
  });

  it('score 0 as truth when they are not a list of comments', () => {
    const [issue] = issues('train', 1);
    for (const text of ['', 'null', '{}', '[]', '[1]', '[{"comment_id":"1"}]', '[{"__proto__":{}}]']) {
      expect(truthScore(asTask(issue!), text)).toBe(0);
    }
  });
});

describe('verdicts', () => {
  it.each([
    ['training judge', TRAINING_JUDGE],
    ['held-out judge', HELDOUT_JUDGE],
  ])('of a perfect %s are what the parser reads', (_, style) => {
    issues('heldout', 100).forEach((issue, i) => {
      const comment = i % 3 === 0 ? exactComment(issue) : drawComment(random(5, i), issue);
      const anchors = { '1': 'bad', '3': 'middling', '5': 'good' };
      const criteria = CRITERIA.map((name) =>
        style.scale === 'graded'
          ? { name, question: 'q', weight: 1, scale: 'graded' as const, anchors }
          : { name, question: 'q', weight: 1, scale: 'boolean' as const },
      );
      const parsed = parseReply(verdictReply(style, issue, comment, 'abcd1234'), {
        marker: 'abcd1234',
        criteria,
      });
      const grades = Object.values(gradeComment(issue, comment));
      expect('criteria' in parsed && parsed.criteria.map(({ score }) => score)).toEqual(
        grades.map((grade) => (style.scale === 'graded' ? (grade - 1) / 4 : Number(grade === 5))),
      );
    });
  });
});
