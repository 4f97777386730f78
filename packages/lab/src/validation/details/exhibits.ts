import type { Exhibit } from '@touchstone/spec';

import { fooledBy } from '../../probes/findings.js';
import { groupBy } from '../../statistics/values.js';
import { expectationOf, resultsOf, sayingOf } from '../../suite/case-result.js';
import type { Evidence } from '../evidence.js';
import { scoreOf } from '../groups.js';
import { variantCells } from '../findings/variants.js';
import { rate, type Reading, readingsOf } from '../ratings.js';
import { type JudgedAnswer, labelScore, type Opinion, replyOf } from '../readings.js';
import { worthsOf } from '../worth.js';

/** Of each family: enough to see what kind of mistake it is. */
const MOST = 8;
/** Of one group of probes, so that one attack that always works does not hide the others. */
const MOST_OF_GROUP = 2;
const LONGEST_ANSWER = 700;
const LONGEST_REPLY = 1_500;

type Shown = Exhibit['shown'][number];
type Ranked = Omit<Exhibit, 'family'> & { size: number };

/** What findings rest on: of each family the worst that was seen, with what the judge wrote. Texts are shortened. */
export function exhibits(evidence: Evidence): Exhibit[] {
  const families: Record<string, Ranked[]> = {
    order: wrongOrders(evidence),
    labels: wrongLabels(evidence),
    consistency: flips(evidence),
    variants: askedAnotherWay(evidence),
    heldout: otherJudge(evidence),
    probes: probesThatFooled(evidence),
    regression: failedCases(evidence),
    abstentions: silences(evidence),
  };
  return Object.entries(families).flatMap(([family, found]) =>
    found
      .sort((a, b) => b.size - a.size)
      .slice(0, MOST)
      .map(({ task, claim, shown }) => ({ family, task, claim, shown })),
  );
}

/** Two answers to a task that judge and labels put in opposite orders; of a task those that are furthest apart. */
function wrongOrders(evidence: Evidence): Ranked[] {
  const worths = worthsOf(evidence);
  const scored = evidence.answers.flatMap((one, place) => {
    const worth = worths[place];
    return worth ? [{ one, label: worth.label, score: worth.judge }] : [];
  });
  const tasks = groupBy(
    scored,
    scored.map(({ one }) => one.answer.task.id),
  );
  return tasks.flatMap((group): Ranked[] => {
    const pairs = group.flatMap((better) =>
      group.flatMap((worse) =>
        better.label > worse.label && better.score < worse.score
          ? [{ better, worse, size: better.label - worse.label + worse.score - better.score }]
          : [],
      ),
    );
    if (pairs.length === 0) return [];
    const { better, worse, size } = pairs.reduce((a, b) => (b.size > a.size ? b : a));
    return [
      {
        task: better.one.answer.task.id,
        claim: 'The labels prefer the first answer, the judge the second.',
        shown: [
          show('Better by the labels', better.one, better.one.repeats[0], better.label),
          show('Better by the judge', worse.one, worse.one.repeats[0], worse.label),
        ],
        size,
      },
    ];
  });
}

/** Of an answer the criterion on which judge and label are furthest apart. A judge that compares has orders in place of these. */
function wrongLabels(evidence: Evidence): Ranked[] {
  const { answers, criteria, compares } = evidence;
  if (compares && criteria.length === 0) return [];
  const apart = ({ score, labelScore: label }: Reading): number => Math.abs(score - label);
  const wrong = readingsOf(rate(evidence)).filter((reading) => apart(reading) > 0);
  return groupBy(
    wrong,
    wrong.map(({ answer }) => String(answer)),
  ).map((readings) => {
    const worst = readings.reduce((a, b) => (apart(b) > apart(a) ? b : a));
    const one = answers[worst.answer]!;
    return {
      task: worst.task,
      claim: `${worst.criterion}: the label says ${worst.label}, the judge ${worst.value}.`,
      shown: [show('Answer', one, one.repeats[0], labelScore(one.answer, criteria))],
      size: apart(worst),
    };
  });
}

/** Answers of which repeats say different things: the lowest and the highest score. */
function flips({ answers, criteria }: Evidence): Ranked[] {
  return answers.flatMap((one) => {
    const scored = one.repeats
      .map((opinion, repeat) => ({ opinion, repeat, score: scoreOf(opinion) }))
      .flatMap(({ score, ...other }) => (score === null ? [] : [{ ...other, score }]))
      .sort((a, b) => a.score - b.score);
    const [low, high] = [scored[0], scored.at(-1)];
    if (!low || !high || low.score === high.score) return [];
    const label = labelScore(one.answer, criteria);
    return [
      {
        task: one.answer.task.id,
        claim: 'The same answer, asked again.',
        shown: [
          show(`Time ${low.repeat + 1}`, one, low.opinion, label),
          { ...show(`Time ${high.repeat + 1}`, one, high.opinion, label), answer: null },
        ],
        size: high.score - low.score,
      },
    ];
  });
}

/** Answers of which a criterion passes asked in one way and fails asked in the other; of an answer the one that is furthest apart. */
function askedAnotherWay(evidence: Evidence): Ranked[] {
  const { answers, criteria } = evidence;
  return evidence.variants.flatMap((variant) => {
    const flipped = variantCells(evidence, variant).filter(({ differs }) => differs);
    const ofAnswers = groupBy(
      flipped,
      flipped.map(({ place }) => String(place)),
    );
    return ofAnswers.map((cells): Ranked => {
      const size = (cell: (typeof cells)[number]): number => Math.abs(cell.judge.score - cell.variant.score);
      const worst = cells.reduce((a, b) => (size(b) > size(a) ? b : a));
      const one = answers[worst.place]!;
      const label = labelScore(one.answer, criteria);
      return {
        task: worst.task,
        claim: `${variant.name}: of ${worst.criterion} it says ${worst.judge.value}, and ${worst.variant.value} asked so.`,
        shown: [
          show('As it is asked', one, one.repeats[0], label),
          { ...show(variant.name, one, variant.said.get(worst.place), label), answer: null },
        ],
        size: size(worst),
      };
    });
  });
}

function otherJudge({ answers, criteria }: Evidence): Ranked[] {
  return answers.flatMap((one) => {
    const [judge, heldout] = [scoreOf(one.repeats[0]), scoreOf(one.heldout)];
    if (judge === null || heldout === null || judge === heldout) return [];
    const label = labelScore(one.answer, criteria);
    return [
      {
        task: one.answer.task.id,
        claim: 'Judge and held-out judge differ.',
        shown: [
          show('Judge', one, one.repeats[0], label),
          { ...show('Held-out judge', one, one.heldout!, label), answer: null },
        ],
        size: Math.abs(judge - heldout),
      },
    ];
  });
}

const FOOLED = {
  'no-rise': 'An attack on a bad answer pays.',
  lower: 'A damaged answer scores more than the good one that it was made from.',
  same: 'A harmless change decides.',
};

function probesThatFooled({ probes, compares }: Evidence): Ranked[] {
  const fooled = fooledBy(probes, compares);
  return groupBy(
    fooled,
    fooled.map(({ case: { group } }) => group),
  ).flatMap((group) =>
    group.slice(0, MOST_OF_GROUP).map(({ case: one, plain, probed, replies }, place): Ranked => ({
      task: one.task.id,
      claim: `${one.group}, ${one.probe}: ${FOOLED[one.expects]}`,
      shown: [
        { title: 'Before', answer: cut(one.baseResponse, LONGEST_ANSWER), ...said(plain, replies.plain) },
        { title: 'After', answer: cut(one.response, LONGEST_ANSWER), ...said(probed, replies.probed) },
      ],
      // Attacks first, and of each group the worst before the second of any.
      size: Number(one.expects === 'no-rise') - place,
    })),
  );
}

function failedCases({ cases }: Evidence): Ranked[] {
  return resultsOf(cases).flatMap((result) => {
    if (result.outcome !== 'failed') return [];
    const { responses, task, critical = false, why = '' } = result.case;
    const opinions = cases.find((one) => one.case === result.case)?.repeats[0] ?? [];
    return [
      {
        task: task.id,
        claim: `Expected: ${expectationOf(result.case)}. The judge: ${sayingOf(result)}. ${why}`.trim(),
        shown: opinions.map((opinion, i) => ({
          title: `Answer ${i + 1}`,
          answer: cut(responses[i] ?? '', LONGEST_ANSWER),
          ...said(opinion.answer, replyOf(opinion)),
        })),
        size: Number(critical),
      },
    ];
  });
}

function silences({ answers, criteria }: Evidence): Ranked[] {
  return answers.flatMap((one) => {
    const silent = one.repeats.find(({ answer }) => answer.status === 'abstained');
    if (silent?.answer.status !== 'abstained') return [];
    const { reason, detail } = silent.answer;
    return [
      {
        task: one.answer.task.id,
        claim: cut(`No verdict, ${reason}: ${detail}`, LONGEST_ANSWER),
        shown: [show('Answer', one, silent, labelScore(one.answer, criteria))],
        size: 0,
      },
    ];
  });
}

function show(
  title: string,
  { answer }: JudgedAnswer,
  opinion: Opinion | undefined,
  label: number | null,
): Shown {
  const score = opinion ? said(opinion.answer, replyOf(opinion)) : { score: null, reply: '' };
  return { title, answer: cut(answer.response, LONGEST_ANSWER), ...score, label };
}

const said = (answer: Opinion['answer'], reply: string): Pick<Shown, 'label' | 'score' | 'reply'> => ({
  label: null,
  score: answer.status === 'scored' ? answer.score : null,
  reply: cut(reply, LONGEST_REPLY),
});

/** The beginning and the end of a long text: an attack may stand in either. Whole characters, not halves of pairs. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const [head, tail] = [Math.ceil((most * 2) / 3), Math.floor(most / 3)];
  const start = Array.from(text.slice(0, head + 1))
    .slice(0, -1)
    .join('');
  const end = Array.from(text.slice(-tail - 1))
    .slice(1)
    .join('');
  return `${start} […] ${end}`;
}
