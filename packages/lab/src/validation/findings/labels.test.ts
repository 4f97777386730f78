import { random, type Verdict } from '@touchstone/spec';
import type { Criterion, LabelledAnswer, Labels } from '@touchstone/core';
import { expect, test } from 'vitest';

import { type Evidence, noEvidence } from '../evidence.js';
import type { FindingFamily } from '../finding.js';
import { applyGate } from '../gate.js';
import { type JudgedAnswer, type Opinion, settleLabels } from '../readings.js';
import { criteria as byCriterion, labels } from './labels.js';
import { order } from './order.js';
import { people } from './people.js';

const sound: Criterion = { name: 'Sound', question: 'Is it sound?', scale: 'boolean', weight: 1 };
const about = { criteria: [sound], compares: false, models: [], hasHeldout: false, repeats: 1, variants: [] };

/** A judge's opinion of an answer, by its one criterion. */
const says = (value: boolean): Opinion => ({
  answer: { status: 'scored', score: Number(value) },
  verdicts: [
    {
      status: 'scored',
      judge: 'j',
      key: 'k',
      raw: '',
      score: Number(value),
      criteria: [
        { criterion: 'Sound', evidence: '', reason: '', value: Number(value), score: Number(value) },
      ],
      mismatch: false,
    },
  ],
});

function judged(
  task: number,
  response: string,
  said: boolean,
  of: Pick<LabelledAnswer, 'labels' | 'raters'>,
): JudgedAnswer {
  const id = `matter ${task}`;
  return {
    answer: { task: { id, messages: [], reference: null, metadata: {} }, response, ...of },
    repeats: [says(said)],
    heldout: null,
  };
}

const withAnswers = (answers: JudgedAnswer[]): Evidence => ({ ...noEvidence(about), answers });

const held = (family: FindingFamily['find'], evidence: Evidence) =>
  Object.fromEntries(
    applyGate(
      family(evidence, 1).map((finding) => ({ ...finding, family: '' })),
      {},
    ).findings.map((finding) => [finding.name, finding]),
  );

/** 200 tasks of four answers, 95 % of them good: some 40 are bad. The judge is right but for a share of errors, or always says yes. */
function skewed(errors: number | 'always yes'): Evidence {
  const { next } = random(3, 'skewed');
  const answers = Array.from({ length: 200 }, (_, task) =>
    Array.from({ length: 4 }, (__, i) => {
      const isGood = next() < 0.95;
      const isWrong = next() < Number(errors);
      const said = errors === 'always yes' ? true : isGood !== isWrong;
      return judged(task, `${i}`.repeat(1 + Math.floor(20 * next())), said, {
        labels: [{ Sound: Number(isGood) }],
      });
    }),
  ).flat();
  return withAnswers(answers);
}

test('with 95 % good labels a judge that says yes to everything fails for what it lets through, and a good one passes', () => {
  const yes = held(labels, skewed('always yes'));
  expect(yes['label_pass_accuracy']!.estimate!.mean).toBeGreaterThan(0.94);
  expect(yes['label_specificity']).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
  expect(held(order, skewed('always yes'))['order_accuracy']!.outcome).toBe('fail');

  const good = { ...held(labels, skewed(0.01)), ...held(order, skewed(0.01)) };
  const gated = Object.values(good).filter(({ threshold }) => threshold !== null);
  expect(gated.map(({ name, outcome }) => [name, outcome])).toEqual(gated.map(({ name }) => [name, 'pass']));
  expect(gated).toHaveLength(5);
});

/** Answers of which the longer is better in this share of the tasks; the judge goes by length, or is right. */
function lengths(longerIsBetter: number, judge: 'longer' | 'shorter' | 'right'): Evidence {
  const answers = Array.from({ length: 100 }, (_, task) => {
    const longIsGood = task < 100 * longerIsBetter;
    const says = (isLong: boolean): boolean =>
      judge === 'right' ? isLong === longIsGood : isLong === (judge === 'longer');
    return [true, false].map((isLong) =>
      judged(task, isLong ? 'a long answer' : 'short', says(isLong), {
        labels: [{ Sound: Number(isLong === longIsGood) }],
      }),
    );
  }).flat();
  return withAnswers(answers);
}

test('a judge that goes by length fails, however often length is right, and labels that length explains show nothing', () => {
  for (const [share, judge] of [
    [0.85, 'longer'],
    [0.15, 'shorter'],
  ] as const) {
    const found = held(order, lengths(share, judge));
    expect(found['order_accuracy']!.outcome).toBe('pass');
    expect(found['order_accuracy.against_length']).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
    expect(held(order, lengths(share, 'right'))['order_accuracy.against_length']!.outcome).toBe('pass');
  }
  expect(held(order, lengths(0.95, 'right'))['order_accuracy.against_length']).toMatchObject({
    outcome: 'insufficient-data',
    note: 'at least 10 are needed: 5 more that show something of it',
  });
});

/** 60 tasks of two answers, labelled by three people who say what is so but for a share of coin throws. */
function byPeople(noise: number, judge: (truth: boolean, next: () => number) => boolean) {
  const { next } = random(5, 'people', noise);
  const rows = Array.from({ length: 60 }, (_, task) =>
    [true, false].map((truth) => {
      const person = (): Labels => [{ Sound: Number(next() < noise ? next() < 0.5 : truth) }];
      return judged(task, `${truth}`, judge(truth, next), {
        labels: [],
        raters: { anna: person(), ben: person(), cleo: person() },
      });
    }),
  ).flat();
  const { labelled, split } = settleLabels(
    rows.map(({ answer }) => answer),
    about.criteria,
  );
  const evidence = withAnswers(rows.map((row, i) => ({ ...row, answer: labelled[i]! })));
  return { evidence, split };
}

test('people who hardly agree are the ceiling: the labels are in doubt, and no judge has failed by them', () => {
  const right = (truth: boolean): boolean => truth;
  const { evidence } = byPeople(0.7, right);
  const found = { ...held(people, evidence), ...held(labels, evidence), ...held(order, evidence) };
  expect(found['human_kappa']!.estimate!.mean).toBeLessThan(0.3);
  expect(found['human_kappa']!.note).toMatch(/labels are in doubt, not the judge: .* κ 0\.\d\d only/);
  for (const name of ['label_kappa', 'order_accuracy']) {
    expect(['insufficient-data', 'pass']).toContain(found[name]!.outcome);
  }
  // The same people and a judge that does not look: not shown to be wrong either, and it does not pass.
  const coin = held(labels, byPeople(0.7, (_, next) => next() < 0.5).evidence);
  expect(coin['label_kappa']).toMatchObject({ outcome: 'insufficient-data' });
  expect(coin['label_kappa']!.note).toMatch(/in doubt/);
});

test('beside people who agree, a judge is read: one that is right may stand in for them, one that guesses may not', () => {
  const good = held(people, byPeople(0.15, (truth) => truth).evidence);
  expect(good['human_kappa']!.estimate!.mean).toBeGreaterThan(0.6);
  expect(good['human_kappa']!.note).toBeNull();
  expect(good['human_gap']!.estimate!.mean).toBeGreaterThan(0);
  expect(good['alt_test']!.estimate).toMatchObject({ mean: 1, n: 3 });
  const { evidence } = byPeople(0.15, (_, next) => next() < 0.5);
  const guess = held(people, evidence);
  expect(guess['human_gap']!.estimate!.high).toBeLessThan(0);
  expect(guess['alt_test']!.estimate!.mean).toBe(0);
  expect(held(labels, evidence)['label_kappa']).toMatchObject({ outcome: 'fail', note: null });
});

test('what people settle on: the majority, or the mean; as many for as against is no label', () => {
  const graded: Criterion = { ...sound, name: 'Clear', scale: 'graded', anchors: { 1: 'no', 5: 'yes' } };
  let task = 0;
  const answer = (raters: Record<string, Labels>, stated: Labels = []): LabelledAnswer => ({
    ...judged(task++, '', true, { labels: stated, raters }).answer,
  });
  const { labelled, split } = settleLabels(
    [
      answer({ a: [{ Sound: 1, Clear: 2 }], b: [{ Sound: 1, Clear: 5 }], c: [{ Sound: 0 }] }),
      answer({ a: [{ Sound: 1 }, { Sound: 0 }], b: [{ Sound: 0 }, {}] }),
      answer({ a: [{ Sound: 0 }], b: [{ Sound: 0 }] }, [{ Sound: 1 }]),
    ],
    [sound, graded],
  );
  expect(labelled.map(({ labels: settled }) => settled)).toEqual([
    [{ Sound: 1, Clear: 3.5 }],
    [{}, { Sound: 0 }],
    [{ Sound: 1 }],
  ]);
  expect(split).toBe(1);
});

test('lines about one answer are several people: no judge is asked to put an answer above itself', () => {
  const { next } = random(5, 'lines');
  // Three people, each on a line of their own, of whom each errs in three of ten.
  const lines = Array.from({ length: 60 }, (_, task) =>
    [true, false].flatMap((truth) =>
      [0, 1, 2].map(() =>
        judged(task, `${truth}`, truth, { labels: [{ Sound: next() < 0.3 ? !truth : truth }] }),
      ),
    ),
  ).flat();
  const { labelled } = settleLabels(
    lines.map(({ answer }) => answer),
    [sound],
  );
  const evidence = withAnswers(lines.map((line, i) => ({ ...line, answer: labelled[i]! })));
  expect(held(order, evidence)['order_accuracy']!.estimate!.mean).toBeGreaterThan(0.85);
});

test('a person may be called as what every object has', () => {
  const rows = Array.from({ length: 20 }, (_, task) =>
    judged(task, 'x', true, {
      labels: [],
      raters: { anna: [{ Sound: 1 }], [task % 2 ? 'constructor' : 'ben']: [{ Sound: 1 }] },
    }),
  );
  expect(held(people, withAnswers(rows))['human_alpha']).toBeDefined();
});

const polite: Criterion = { ...sound, name: 'Polite' };
const TWO = [sound, polite];

/** 40 tasks of four answers, whose labels `shown` may leave out; the judge says of `Sound` what `says` makes of the truth. */
function twoCriteria(
  says: (truth: boolean) => boolean,
  shown: (labels: Record<string, boolean>, place: number) => Labels[number],
  truthOf = (place: number) => place % 2 === 0,
): Evidence {
  const answers = Array.from({ length: 160 }, (_, place): JudgedAnswer => {
    const truth = { Sound: truthOf(place), Polite: place % 4 < 2 };
    const said = { Sound: says(truth.Sound), Polite: truth.Polite };
    const one = judged(Math.floor(place / 4), 'x'.repeat(1 + ((place * 7) % 5)), true, {
      labels: [shown(truth, place)],
    });
    const score = (Number(said.Sound) + Number(said.Polite)) / 2;
    const criteria = Object.entries(said).map(([criterion, value]) => ({
      criterion,
      evidence: '',
      reason: '',
      value: Number(value),
      score: Number(value),
    }));
    const verdict = {
      status: 'scored',
      judge: 'j',
      key: 'k',
      raw: '',
      score,
      criteria,
      mismatch: false,
    } as const;
    return { ...one, repeats: [{ answer: { status: 'scored', score }, verdicts: [verdict] }] };
  });
  return { ...noEvidence({ ...about, criteria: TWO }), answers };
}

test('a judge of which one criterion is dead fails by it, also where nearly all its labels are alike', () => {
  const all = (labels: Record<string, boolean>): Labels[number] => labels;
  const dead = held(
    byCriterion,
    twoCriteria(() => false, all),
  );
  expect(dead['label_kappa.Sound']).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
  expect(dead['label_kappa.Polite']!.outcome).toBe('pass');
  const mostlyTrue = (place: number): boolean => place > 2;
  const rare = held(
    byCriterion,
    twoCriteria(() => false, all, mostlyTrue),
  );
  expect(rare['label_kappa.Sound']).toMatchObject({ threshold: null });
  expect(rare['label_kappa.Sound']!.note).toMatch(/other than 1 in 1 of 40 tasks only/);
  expect(rare['label_pass_accuracy.Sound']!.outcome).toBe('fail');
  // Other labels in 14 of 40 tasks: enough to see that there is none.
  const some = (place: number): boolean => place % 12 !== 0;
  expect(
    held(
      byCriterion,
      twoCriteria(() => true, all, some),
    )['label_kappa.Sound'],
  ).toMatchObject({ outcome: 'fail', note: expect.not.stringContaining('need not be shown') });
  const sure = held(
    byCriterion,
    twoCriteria((truth) => truth, all, some),
  );
  expect(sure['label_kappa.Sound']).toMatchObject({ outcome: 'pass', note: null });
  const right = held(
    byCriterion,
    twoCriteria((truth) => truth, all, mostlyTrue),
  );
  expect(right['label_pass_accuracy.Sound']!.outcome).toBe('pass');
});

test('labels that some answers lack are not held against a judge that is right: both are compared over the same criteria', () => {
  const right = (truth: boolean): boolean => truth;
  const without = ({ Polite }: Record<string, boolean>): Labels[number] => ({ Polite: Polite! });
  const ways: ((labels: Record<string, boolean>, place: number) => Labels[number])[] = [
    without,
    (all, place) => (place === 0 ? all : without(all)),
    (all) => (all['Sound'] ? all : without(all)),
  ];
  for (const shown of ways) {
    const evidence = twoCriteria(right, shown);
    expect(held(order, evidence)['order_accuracy']!.estimate!.mean).toBe(1);
  }
  const { 'label_kappa.Sound': kappa } = held(byCriterion, twoCriteria(right, without));
  expect(kappa).toMatchObject({ outcome: 'insufficient-data', note: 'no answer has a label of it' });
});

test('a judge that says nothing of what one criterion finds bad is not shown to be right about it, and one that is silent at times is', () => {
  // Of `Sound` 20 of 160 labels are bad, in 20 of 40 tasks.
  const mostly = (place: number): boolean => place % 8 !== 0;
  const right = twoCriteria(
    (truth) => truth,
    (all) => all,
    mostly,
  );
  const silentAt = (isSilent: (place: number) => boolean): Evidence => ({
    ...right,
    answers: right.answers.map((one, place) => (isSilent(place) ? { ...one, repeats: [SILENCE] } : one)),
  });
  expect(
    held(
      byCriterion,
      silentAt((place) => !mostly(place) && place > 8),
    ),
  ).toMatchObject({
    'label_kappa.Sound': {
      outcome: 'insufficient-data',
      note: 'it gives no verdict on 18 of the 20 answers with a label other than 1',
    },
    'label_kappa.Polite': { outcome: 'pass' },
  });
  const atTimes = held(
    byCriterion,
    silentAt((place) => place % 12 === 0),
  );
  expect(atTimes['label_kappa.Sound']).toMatchObject({ outcome: 'pass', note: null });
});

const SILENCE: Opinion = {
  answer: { status: 'abstained', reason: 'refusal', detail: '' },
  verdicts: [{ status: 'abstained', judge: 'j', key: 'k', raw: '', reason: 'refusal', detail: '' }],
};

test('of criteria that come with tasks a category that is dead fails, and one that few tasks have is not asked for', () => {
  const asTask = (evidence: Evidence): Evidence => ({
    ...evidence,
    answers: evidence.answers.map((one) => ({ ...one, answer: { ...one.answer, criteria: TWO } })),
  });
  const all = (labels: Record<string, boolean>): Labels[number] => labels;
  const dead = held(byCriterion, asTask(twoCriteria(() => true, all)));
  expect(dead['label_kappa.Sound']).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
  const few = held(
    byCriterion,
    asTask(
      twoCriteria(
        (truth) => truth,
        ({ Sound, Polite }, place) => ({ Polite: Polite!, ...(place < 80 && { Sound: Sound! }) }),
      ),
    ),
  );
  expect(few['label_kappa.Sound']).toMatchObject({
    threshold: null,
    note: 'only 20 tasks have labels of it',
  });
});

/** Good is not to meet it. */
const asFault = (verdict: Verdict): Verdict =>
  verdict.status === 'abstained'
    ? verdict
    : {
        ...verdict,
        criteria: verdict.criteria.map((one) =>
          one.criterion === 'Sound' ? { ...one, score: 1 - one.score } : one,
        ),
      };

test('a judge that sees no fault fails, whether faults have a category of their own or not', () => {
  const all = (labels: Record<string, boolean>): Labels[number] => labels;
  const criteria = TWO.map((one) => ({
    ...one,
    category: 'criteria',
    ...(one.name === 'Sound' && { unwanted: true as const }),
  }));
  const examine = (says: (truth: boolean) => boolean): ReturnType<typeof held> => {
    const evidence = twoCriteria(says, all);
    return held(byCriterion, {
      ...evidence,
      criteria: [{ ...TWO[0]!, name: 'criteria', isCategory: true }],
      answers: evidence.answers.map(({ answer, repeats, ...rest }) => ({
        ...rest,
        answer: { ...answer, criteria },
        repeats: repeats.map((one) => ({ ...one, verdicts: one.verdicts.map(asFault) })),
      })),
    });
  };
  const blind = examine(() => false);
  expect(blind['label_kappa.faults']).toMatchObject({ outcome: 'fail', estimate: { mean: 0 } });
  expect(blind['label_kappa.merits']).toMatchObject({ outcome: 'pass' });
  const right = examine((truth) => truth);
  expect(right['label_kappa.faults']).toMatchObject({ outcome: 'pass' });
  // The figure over all says it of all.
  expect(right['label_kappa.criteria']).toMatchObject({ threshold: null, note: null });
});

test('a label that fails a veto makes an answer worth nothing, as it does to the judge, whether or not all criteria have labels', () => {
  // Of four answers to a task two are sound; the others are worth nothing, however polite.
  const all = (labels: Record<string, boolean>): Labels[number] => labels;
  const right = twoCriteria((truth) => truth, all);
  const answers = right.answers.map((one, place): JudgedAnswer => {
    const score = place % 2 === 0 ? (0.1 + Number(place % 4 < 2)) / 1.1 : 0;
    return { ...one, repeats: [{ ...one.repeats[0]!, answer: { status: 'scored', score } }] };
  });
  const vetoed: Criterion[] = [{ ...sound, veto: true, weight: 0.1 }, polite];
  for (const criteria of [vetoed, [...vetoed, { ...sound, name: 'Unlabelled' }]]) {
    const found = held(order, { ...right, criteria, answers });
    expect(found['order_accuracy']!.estimate!.mean).toBe(1);
  }
});

test('a criterion that only one answer to each task has a label of is in no order, and its note says so', () => {
  const evidence = twoCriteria(
    (truth) => truth,
    ({ Sound, Polite }, place) => ({
      Polite: Polite!,
      ...(place % 4 === Math.floor(place / 4) % 2 && { Sound: Sound! }),
    }),
  );
  const found = held(byCriterion, evidence);
  expect(found['label_kappa.Sound']!.note).toMatch(/^in no task do all labelled answers have labels of it/);
  expect(found['label_kappa.Polite']!.note).toBeNull();
});
