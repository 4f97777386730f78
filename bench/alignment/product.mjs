/**
 * A SIMULATED product: answers of two variants to tasks of three topics, what a simulated judge says of them by four criteria, and what simulated
 * users make of them. Everything is drawn; it is known what each criterion is.
 *
 * - Helpful goes with the quality of the answer, which users like: useful.
 * - Clear is what Helpful is, but for one answer in twelve, where it is a level off: redundant.
 * - Thorough goes with the length of the answer and with nothing else. Users like long answers, so by itself it goes with what they say: useless.
 * - Formal goes with formality, which users dislike: harmful.
 */
import { measureAlignment, metricsSchema } from '@touchstone/lab';
import { random } from '@touchstone/spec';

export const TRUTH = { Helpful: 'useful', Clear: 'redundant', Thorough: 'useless', Formal: 'harmful' };
const METRICS = metricsSchema.parse({
  satisfaction: { direction: 'higher', threshold: 4 },
  minutes: { direction: 'lower' },
});
const TOPICS = { billing: -0.5, delivery: 0, returns: 0.6 };
const LEVELS = 5;

/** One of five levels, 0–1, of what is normal with this deviation. */
const level = (value, deviation) =>
  Math.min(LEVELS - 1, Math.max(0, Math.round((value / deviation) * 1.1 + 2))) / (LEVELS - 1);

function answer(task, variant, { topic, hard }, draw) {
  const longer = draw.normal() + (variant === 'B' ? 0.3 : 0);
  const [quality, formal] = [draw.normal() + (variant === 'B' ? 0.2 : 0), draw.normal()];
  const helpful = level(quality + 0.5 * draw.normal(), 1.12);
  const slip = draw.next() < 1 / 12 ? (draw.next() < 0.5 ? -1 : 1) / (LEVELS - 1) : 0;
  const scores = new Map([
    ['Helpful', helpful],
    ['Clear', Math.min(1, Math.max(0, helpful + slip))],
    ['Thorough', level(longer + 0.5 * draw.normal(), 1.12)],
    ['Formal', level(formal + 0.5 * draw.normal(), 1.12)],
  ]);
  const mean = [...scores.values()].reduce((sum, score) => sum + score, 0) / scores.size;
  const liked = 0.5 * quality + 0.5 * longer - 0.45 * formal + TOPICS[topic] + hard;
  return {
    task,
    variant,
    length: Math.round(400 * Math.exp(0.5 * longer)),
    fields: new Map([['topic', topic]]),
    scores: scores.set('score', mean),
    outcomes: new Map([
      ['satisfaction', Math.min(5, Math.max(1, Math.round(3.4 + 0.9 * (liked + draw.normal()))))],
      ['minutes', 10 * Math.exp(-0.4 * (liked + 1.2 * draw.normal()))],
    ]),
  };
}

function itemsOf(answers, draw) {
  const tasks = Array.from({ length: Math.ceil(answers / 2) }, (_, i) => `task-${i}`);
  return tasks.flatMap((task) => {
    const of = { topic: draw.pick(Object.keys(TOPICS)), hard: 0.5 * draw.normal() };
    return ['A', 'B'].map((variant) => answer(task, variant, of, draw));
  });
}

/** The map of so many answers. The criteria stand in an order of the seed. */
function mapOf(answers, seed, part) {
  const draw = random(seed, 'product', part);
  return measureAlignment({
    items: itemsOf(answers, draw),
    criteria: draw.shuffle(Object.keys(TRUTH)).map((name) => ({ name })),
    metrics: METRICS,
    booleans: new Set(),
    given: new Map(Object.keys(METRICS).map((metric) => [metric, ['topic']])),
    repeats: new Map(),
    seed,
  });
}

/** A pilot says how many answers it takes; so many are drawn anew, and named. */
export function simulate(seed, pilotAnswers) {
  const pilot = mapOf(pilotAnswers, seed, 'pilot');
  const asked = pilot.answers_needed ?? pilotAnswers;
  const map = mapOf(asked, seed, 'map');
  const cells = map.cells.filter(({ criterion }) => criterion in TRUTH);
  const wrong = cells.filter(
    ({ criterion, name, redundant_with: others }) =>
      name !== TRUTH[criterion] || (criterion === 'Clear' && others.join() !== 'Helpful'),
  );
  return {
    seed,
    asked,
    right: wrong.length === 0,
    wrong: wrong.map(({ criterion, metric, name, partial }) => ({ criterion, metric, name, partial })),
    names: Object.fromEntries(map.criteria.map(({ criterion, name }) => [criterion, name])),
    // By itself, what only follows the length looks useful.
    thorough_by_itself: cells.find(({ criterion }) => criterion === 'Thorough').spearman,
  };
}
