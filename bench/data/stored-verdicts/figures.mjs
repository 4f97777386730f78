import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  effectiveJudges,
  errorCorrelation,
  intervalOf,
  kappaInterval,
  krippendorffAlpha,
  shareInterval,
  SIGNED,
  wilson,
} from '@touchstone/lab';

/** Every figure, with its n and its interval (95 %, over pairs or items). */
export function storedVerdicts(data) {
  return { llmbar: llmbar(data), pandalm: pandalm(data), newsroom: newsroom(data) };
}

const readJson = (...names) => JSON.parse(readFileSync(path.join(...names), 'utf8'));

const SUBSETS = [
  'Natural',
  ...['GPTInst', 'GPTOut', 'Manual', 'Neighbor'].map((name) => `Adversarial/${name}`),
];
/** Judge and prompt; of the strategies that ask again, the first time. Vanilla and CoT hold the rules of LLMBar's prompts. */
const JUDGES = [
  ['GPT-4', 'Vanilla'],
  ['GPT-4', 'CoT'],
  ['ChatGPT', 'Vanilla'],
  ['ChatGPT', 'CoT'],
  ['PaLM2', 'Vanilla'],
  ['PaLM2', 'CoT'],
  ['LLaMA2', 'Swap'],
  ['Falcon', 'Swap'],
];

/**
 * Pairs of answers with a known better one, shown to judges in both orders. Pairs of which either verdict could not be read
 * are left out.
 */
function llmbar(data) {
  return JUDGES.map(([judge, prompt]) => {
    const pairs = SUBSETS.flatMap((subset) => {
      const folder = path.join(data, 'llmbar', 'Dataset', 'LLMBar', subset, 'evaluators', judge, prompt);
      if (!existsSync(folder)) throw new Error(`no such folder: ${folder}`);
      return readJson(folder, 'result.json').map(({ label, results: [first] }) => {
        const [plain, swapped] = [first['swap = False'].winner, first['swap = True'].winner];
        return { label: `${label}`, plain, swapped };
      });
    });
    const isRead = (winner) => winner === '1' || winner === '2';
    const read = pairs.filter(({ plain, swapped }) => isRead(plain) && isRead(swapped));
    const bothOrders = (...scores) =>
      shareInterval(
        read.flatMap((pair) => scores.map((score) => Number(score(pair)))),
        read.flatMap((_, i) => scores.map(() => `${i}`)),
      );
    return {
      judge,
      prompt,
      pairs: pairs.length,
      order_consistency: wilson(read.filter(({ plain, swapped }) => plain === swapped).length, read.length),
      accuracy: bothOrders(
        ({ plain, label }) => plain === label,
        ({ swapped, label }) => swapped === label,
      ),
      // A winner is named by its answer, and the swapped prompt shows the second answer first.
      first_slot_share: bothOrders(
        ({ plain }) => plain === '1',
        ({ swapped }) => swapped === '2',
      ),
    };
  });
}

const TIE = 0;

/** Cohen's κ of pairs that name one of three: quadratic weights on the indicators of all categories come to that. */
const kappaOf = (pairs) =>
  kappaInterval(pairs.map(([a, b]) => [TIE, 1, 2].map((one) => [[Number(a === one), Number(b === one)]])));

function pandalm(data) {
  const people = readJson(data, 'pandalm', 'testset-v1.json');
  const labels = people.map((item) => [item.annotator1, item.annotator2, item.annotator3]);
  const majority = labels.map(([a, b, c]) => (a === b || a === c ? a : b === c ? b : null));
  const verdicts = (file, key) => {
    const said = new Map(readJson(data, 'pandalm', file).map((item) => [item.idx, `${item[key]}`]));
    return people.map(({ idx }) => ({ 0: TIE, Tie: TIE, 1: 1, 2: 2 })[said.get(idx)] ?? null);
  };
  const gpt = verdicts('gpt-3.5-turbo-testset-v1.json', 'gpt_result');
  const panda = verdicts('pandalm-7b-testset-v1.json', 'pandalm_result');
  const both = (a, b) => a.flatMap((one, i) => (one === null || b[i] === null ? [] : [[one, b[i]]]));
  const right = (pairs) => pairs.filter(([a, b]) => a === b).length;
  const against = (said) => {
    const pairs = both(said, majority);
    return {
      accuracy_of_readable: wilson(right(pairs), pairs.length),
      accuracy_of_all: wilson(right(pairs), said.length),
      kappa: kappaOf(pairs),
    };
  };
  const noTies = gpt.map((one) => (one === TIE ? null : one));
  const errors = (first) =>
    majority.flatMap((most, i) =>
      first[i] === null || panda[i] === null ? [] : [[first[i] !== most, panda[i] !== most]],
    );
  const correlated = (first) => {
    const correlation = intervalOf(errors(first), errorCorrelation, SIGNED);
    const worth = (r) => effectiveJudges(2, r);
    const { mean, low, high, n } = correlation;
    return { correlation, effective_judges: { mean: worth(mean), low: worth(high), high: worth(low), n } };
  };
  const people3 = [0, 1, 2].map((j) => labels.map((item) => item[j]));
  return {
    items: people.length,
    human_kappa: [
      [0, 1],
      [0, 2],
      [1, 2],
    ].map(([a, b]) => kappaOf(both(people3[a], people3[b]))),
    'gpt-3.5-turbo': against(gpt),
    'pandalm-7b': against(panda),
    // κ .52 and a correlation of .41 leave out what the judge called a tie.
    'gpt-3.5-turbo, its ties left out': { kappa: kappaOf(both(noTies, majority)) },
    errors: correlated(gpt),
    'errors, ties of gpt-3.5-turbo left out': correlated(noTies),
  };
}

/** Three people rated each summary from 1 to 5. */
function newsroom(data) {
  const { instances } = readJson(data, 'judge_bench_20', 'newsroom__newsroom.json');
  const dimensions = Object.keys(instances[0].annotations);
  return Object.fromEntries(
    dimensions.map((name) => {
      const ratings = instances.map(({ annotations }) => annotations[name].individual_human_scores);
      const alpha = (sample) => krippendorffAlpha(sample, 'ordinal');
      return [name, intervalOf(ratings, alpha, SIGNED)];
    }),
  );
}
