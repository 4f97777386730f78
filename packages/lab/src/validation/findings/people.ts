import { krippendorffAlpha } from '../../statistics/agreement-of-many.js';
import { alternativeAnnotator } from '../../statistics/alternative-annotator.js';
import { intervalOf, SIGNED } from '../../statistics/jackknife.js';
import { wilson } from '../../statistics/proportions.js';
import { iccTwoWay } from '../../statistics/reliability.js';
import { groupBy } from '../../statistics/values.js';
import type { Evidence } from '../evidence.js';
import type { Finding } from '../finding.js';
import { labelsBy, rate, ratersOf, type Rating } from '../ratings.js';
import { labelScore } from '../readings.js';
import { type KappaPair, kappaDifference, LEAST_KAPPA, pooledKappa, pooledKappaInterval } from './kappa.js';

/** Fewer tasks that several people labelled say nothing of how far people agree. */
const LEAST_TASKS = 10;
/** How much worse than a person a judge may be that costs less: the strictest of the 0.1–0.2 that the test's authors advise. */
const EPSILON = 0.1;

/**
 * How far do people agree with one another? That is the ceiling: a judge cannot be asked to agree with people more than they do
 * with themselves, and where they hardly do, it is the labels that must be mended before anything is known of a judge.
 */
export function people(evidence: Evidence): Finding[] {
  const { criteria, answers } = evidence;
  const ratings = rate(evidence);
  const [human, judged] = [ratings.flatMap(pairsOfPeople), ratings.flatMap(pairsWithPeople)];
  const absent = human.length > 0 ? undefined : 'no answer has labels by two people (raters)';
  const raters = ratersOf(answers);
  const worth = groupBy(
    answers.map(({ answer }) =>
      raters.map((name) => labelScore({ ...answer, labels: labelsBy(name, answer) }, criteria)),
    ),
    answers.map(({ answer }) => answer.task.id),
  );
  return [
    {
      name: 'human_kappa',
      description: 'Agreement of two people beyond chance: quadratically weighted κ.',
      estimate: pooledKappaInterval(human),
      absent,
      note: doubtOf(human),
    },
    ...criteria.map(({ name }) => ({
      name: `human_kappa.${name}`,
      description: `Agreement of two people on ${name} beyond chance: quadratically weighted κ.`,
      estimate: pooledKappaInterval(human.filter(({ criterion }) => criterion === name)),
      absent,
    })),
    {
      name: 'human_alpha',
      description:
        'Agreement of all people on what an answer is worth: Krippendorff’s α, interval level; α of at least 0.8 is called dependable.',
      estimate: intervalOf(worth, (sample) => krippendorffAlpha(sample.flat(), 'interval'), SIGNED),
      absent,
    },
    {
      name: 'human_icc',
      description:
        'Share of the variance of what one person finds answers worth that is between answers: ICC(2,1).',
      estimate: intervalOf(worth, (sample) => iccTwoWay(sample.flat()), SIGNED),
      absent,
    },
    {
      name: 'judge_person_kappa',
      description: 'Agreement of the judge with one person beyond chance, to be read beside human_kappa.',
      estimate: pooledKappaInterval(judged),
      absent,
    },
    {
      name: 'human_gap',
      description:
        'judge_person_kappa less human_kappa: below 0, people agree more with one another than with the judge.',
      estimate: human.length > 0 ? kappaDifference(judged, human) : null,
      absent,
    },
    {
      name: 'alt_test',
      description:
        'Share of the people (n) for whom the judge could stand in (the alternative annotator test, ε = 0.1): from 0.5 it may.',
      estimate: standsIn(ratings, evidence),
      absent: absent ?? (raters.length < 3 ? 'it takes three people' : undefined),
    },
  ];
}

/**
 * Why a judge that does not agree with the labels is not shown to be wrong: people agree with one another less than is asked of
 * the judge. Undefined where they do, or where nothing is known of it.
 */
export function labelDoubt(ratings: readonly Rating[]): string | undefined {
  return doubtOf(ratings.flatMap(pairsOfPeople));
}

function doubtOf(human: readonly KappaPair[]): string | undefined {
  if (new Set(human.map(({ task }) => task)).size < LEAST_TASKS) return undefined;
  const kappa = pooledKappa(human);
  return kappa !== null && kappa < LEAST_KAPPA
    ? `the labels are in doubt, not the judge: people agree with one another at κ ${kappa.toFixed(2)} only (human_kappa)`
    : undefined;
}

/** Every two people, either one first: nobody of them is the one who is right. */
function pairsOfPeople({ task, criterion, people: said }: Rating): KappaPair[] {
  const scores = said.filter((score) => score !== null);
  return scores.flatMap((a, i) =>
    scores.flatMap((b, j) => (i === j ? [] : [{ task, criterion, pair: [a, b] as const }])),
  );
}

/** The judge with each person. */
function pairsWithPeople({ task, criterion, judge, people: said }: Rating): KappaPair[] {
  return said.flatMap((score) =>
    judge && score !== null ? [{ task, criterion, pair: [judge.score, score] as const }] : [],
  );
}

function standsIn(ratings: readonly Rating[], { criteria }: Evidence): Finding['estimate'] {
  // From one side of each comparison: the other says the same again.
  const once = ratings.filter(({ answer, other }) => other === null || answer < other);
  const test = alternativeAnnotator(
    once.map(({ judge }) => judge?.score ?? null),
    once.map((rating) => rating.people),
    { epsilon: EPSILON, graded: criteria.some(({ scale }) => scale === 'graded') },
  );
  if (!test) return null;
  const n = test.people.length;
  return wilson(Math.round(test.winning_rate * n), n);
}
