import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { fleissKappa, krippendorffAlpha, type Ratings } from './agreement-of-many.js';
import { areaUnderCurve, attainableSpearman } from './associations.js';
import { blandAltman, concordance, gwetAC1, weightedKappa } from './agreement.js';
import { alternativeAnnotator } from './alternative-annotator.js';
import { calibrated, isotonic, platt } from './calibration-maps.js';
import { brier, calibrationError, reliabilityBins } from './calibration.js';
import { kendall, partialSpearman, pearson, spearman } from './correlation.js';
import { normalCdf } from './distributions.js';
import { benjaminiYekutieli, binomialTest, fisherExact, holm, mcnemar } from './hypothesis-tests.js';
import { scoreInterval, UNBOUNDED } from './jackknife.js';
import { errorCorrelation } from './judge-errors.js';
import type { Pair } from './pairs.js';
import { explainedBy, indicators, partialCorrelation } from './partial-correlation.js';
import { wilson } from './proportions.js';
import { rates, type Verdicts } from './rates.js';
import { iccOneWay, iccTwoWay, standardErrorOfMeasurement } from './reliability.js';
import { groupBy, ranks, squaresOf } from './values.js';
import { pairAccuracy, withinTau } from './within-groups.js';

/*
 * Every figure here is compared with what Python's libraries say of the same random data sets: with the committed answers of reference.testing.py
 * everywhere, and with fresh ones from another seed where TOUCHSTONE_PYTHON has the libraries.
 */

type Figure = number | null | (number | null)[] | number[][];
interface DataSet {
  judge: number[];
  other: number[];
  control: number[];
  label: boolean[];
  passed: boolean[];
  complete: number[][];
  ratings: (number | null)[][];
  errors: boolean[][];
  groups: number[];
  p_values: number[];
  expected: Record<string, Figure>;
}

function figures(data: DataSet): Record<string, Figure> {
  const { judge, label, passed, ratings, complete } = data;
  const pairs = judge.map((value, i): Pair => [value, data.other[i]!]);
  const verdicts = passed.map((value, i): Verdicts => [value, label[i]!]);
  const numbers = verdicts.map(([a, b]): Pair => [Number(a), Number(b)]);
  const forecasts = judge.map((value, i): Pair => [value, Number(label[i])]);
  const groups = groupBy(forecasts, data.groups.map(String));
  const alphas = (['nominal', 'ordinal', 'interval', 'ratio'] as const).map(
    (level) => [`alpha_${level}`, krippendorffAlpha(ratings, level)] as const,
  );
  const { shift, low, high } = blandAltman(pairs)!;
  return {
    kappa: data.expected['kappa'] === null ? null : weightedKappa(pairs), // scikit-learn has other weights there
    kappa_boolean: weightedKappa(numbers),
    ac1: gwetAC1(numbers, 2),
    concordance: concordance(pairs),
    bland_altman: [shift, low, high],
    pearson: pearson(pairs),
    spearman: spearman(pairs),
    kendall: kendall(pairs),
    partial_spearman: partialSpearman(pairs, data.control),
    ...(({ prevalence: _, ...rest }) => rest)(rates(verdicts)),
    fleiss: fleissKappa(complete),
    ...Object.fromEntries(alphas),
    icc_one_way: iccOneWay(complete),
    icc_two_way: iccTwoWay(complete),
    standard_error: standardErrorOfMeasurement(complete),
    error_correlation: errorCorrelation(data.errors),
    pair_accuracy: pairAccuracy(groups),
    within_tau: withinTau(groups),
    ...figuresWithOthers(data),
    ...calibrationFigures(forecasts),
    ...testFigures(data, verdicts, complete),
  };
}

function figuresWithOthers({ judge, other, control, groups, label }: DataSet): Record<string, Figure> {
  const columns = [judge, other, control];
  const held = [ranks(control), ...indicators(groups.map(String))];
  return {
    partial_given: partialCorrelation(ranks(judge), ranks(other), held),
    inflation: columns.map((column, i) => {
      const share = explainedBy(
        column,
        columns.filter((_, place) => place !== i),
      );
      return share === null ? null : 1 / (1 - share);
    }),
    area_under_curve: areaUnderCurve(judge, label),
    point_biserial: pearson(judge.map((score, i): Pair => [score, Number(label[i])])),
    attainable: attainableSpearman(judge, other) ?? [null, null],
  };
}

function calibrationFigures(forecasts: Pair[]): Record<string, Figure> {
  const grid = Array.from({ length: 23 }, (_, i) => i / 22);
  const bins = reliabilityBins(forecasts);
  const logistic = platt(forecasts)!;
  return {
    reliability: bins.map(({ forecast, outcome }) => [forecast, outcome]),
    calibration_error: calibrationError(bins),
    brier: brier(forecasts)!.score,
    isotonic: grid.map((score) => calibrated(isotonic(forecasts)!, score)),
    platt:
      logistic.kind === 'platt' && logistic.slope > 0
        ? grid.map((score) => calibrated(logistic, score))
        : null,
  };
}

function testFigures(data: DataSet, verdicts: Verdicts[], people: Ratings): Record<string, Figure> {
  const { judge, passed } = data;
  const n = passed.length;
  const successes = passed.filter(Boolean).length;
  const share = wilson(successes, n)!;
  const right = verdicts.map(([a, label], i): [boolean, boolean] => [
    a === label,
    passed[(i + n - 1) % n]! === label,
  ]);
  const stand = alternativeAnnotator(
    data.ratings.map((item) => item[0]!),
    people,
    { epsilon: 0.2, graded: false, least: 2 },
  )!;
  const error = Math.sqrt(squaresOf(judge) / (n - 1) / n);
  const { low, high } = scoreInterval({ estimate: 0, error, n }, UNBOUNDED);
  return {
    mcnemar: mcnemar(right)!.p,
    binomial: binomialTest(successes, n),
    fisher: fisherExact(data.label.map(Boolean), passed.map(Boolean)),
    wilson: [share.low, share.high],
    holm: holm(data.p_values),
    benjamini_yekutieli: benjaminiYekutieli(data.p_values),
    alternative_annotator: [stand.winning_rate, stand.advantage, ...stand.people.map(({ p }) => p)],
    t_interval: [low, high],
    normal_cdf: judge.map(normalCdf),
  };
}

/** The name of each figure that is further than 1e-9 from what Python says. */
function differences(sets: readonly DataSet[]): object[] {
  expect(sets.length).toBeGreaterThanOrEqual(20);
  return sets.flatMap((data, set) => {
    const found = figures(data);
    expect(Object.keys(found).sort()).toEqual(Object.keys(data.expected).sort());
    return Object.entries(data.expected).flatMap(([name, expected]) => {
      const [ours, theirs] = [found[name], expected].map((figure) => [figure].flat(2) as (number | null)[]);
      const same =
        ours!.length === theirs!.length &&
        ours!.every((value, i) => {
          const other = theirs![i]!;
          return value === null || other === null ? value === other : Math.abs(value - other) < 1e-9;
        });
      return same ? [] : [{ set, name, ours, theirs }];
    });
  });
}

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const PYTHON = process.env['TOUCHSTONE_PYTHON'];

function missing(): string {
  if (PYTHON === undefined) return 'TOUCHSTONE_PYTHON names no Python with the libraries of statistics';
  const find =
    'import importlib.util as u; exit(not all(map(u.find_spec, ["sklearn", "statsmodels", "krippendorff", "pingouin", "irrCAC"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks libraries of statistics`;
}
const why = missing();

describe('every figure is that of Python’s libraries to 1e-9', () => {
  test('on the committed data sets', () => {
    const { sets } = JSON.parse(readFileSync(at('reference.testing.json'), 'utf8')) as { sets: DataSet[] };
    expect(differences(sets)).toEqual([]);
  });

  test.skipIf(why !== '')(`on fresh data sets${why && ` (skipped: ${why})`}`, () => {
    const made = spawnSync(PYTHON!, [at('reference.testing.py'), '--seed', String(Date.now() % 1e6)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    expect(made.stderr).toBe('');
    expect(differences((JSON.parse(made.stdout) as { sets: DataSet[] }).sets)).toEqual([]);
  });
});
