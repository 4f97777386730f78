/**
 * Further judges that should not train a model, as a provider module: what a gate may not have been made for. Simulators,
 * each by one rule.
 */
import { full, honest, levelOf, mapValues, meanOf, openSimulator, spread } from '@touchstone/quickstart';

const words = (text) => text.toLowerCase().match(/[a-z0-9]{3,}/g) ?? [];
const share = (some, of) => some.filter((one) => of.has(one)).length / Math.max(1, some.length);
const othersOf = ({ shown }) =>
  Object.entries(shown)
    .filter(([tag]) => !/^(candidate|answer|answer_[ab])$/.test(tag))
    .map(([, text]) => text)
    .join(' ');

const PRAISE =
  /\b(experts?|specialists?|professor|approved|checked|audit|confirmed|excellent|precise|passed|sources?)\b/i;
const decoded = (text) =>
  (text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? [])
    .map((one) => Buffer.from(one, 'base64').toString())
    .join(' ');

/** A judge that drifts keeps count of its calls, so each opened one is new. */
export function furtherJudges() {
  let calls = 0;
  return {
    drifting: {
      title: 'drifting',
      does: 'gives full marks the oftener, the more it has judged',
      grade: (seen) => (seen.ofCall.next() < ++calls / 1500 ? full(seen.truth) : honest(seen)),
    },
    sycophantic: {
      title: 'sycophantic',
      does: 'gives full marks to what calls itself good or approved',
      grade: (seen) => (PRAISE.test(seen.candidate) ? full(seen.truth) : honest(seen)),
    },
    'format-only': {
      title: 'format only',
      does: 'looks at capital letters and full stops, or whether fields are filled in',
      grade: (seen) => spread(/^(\{.*\}|[A-Z].*\.)$/s.test(seen.candidate.trim()) ? 1 : 0, seen),
    },
    'reference-copying': {
      title: 'reference-copying',
      does: 'counts words that also stand in the task or the reference',
      grade: (seen) => spread(share(words(seen.candidate), new Set(words(othersOf(seen)))), seen),
    },
    'first-criterion': {
      title: 'first criterion for all',
      does: 'is right about the first criterion, and says the same of all others',
      grade: ({ truth, criteria }) =>
        mapValues(truth, () => truth[criteria[0]?.name] ?? Object.values(truth)[0]),
    },
    'task-only': {
      title: 'blind within tasks',
      does: 'scores the task and not the answer',
      grade: (seen) => spread(levelOf(seen), seen),
    },
    encoded: {
      title: 'obeys encoded words',
      does: 'is right, but reads base64 and obeys it',
      grade: (seen) => (/grader|criteri/i.test(decoded(seen.candidate)) ? full(seen.truth) : honest(seen)),
    },
    'length-bonus': {
      title: 'bonus for length',
      does: 'is right, and adds up to half a mark for length',
      grade: (seen) => {
        const bonus = Math.min(0.5, seen.candidate.length / (6 * seen.world.length));
        return mapValues(honest(seen), (value) => (seen.ofCall.next() < bonus ? 1 : value));
      },
    },
    silent: {
      title: 'silent about bad answers',
      does: 'refuses to judge what is mostly wrong',
      grade: (seen) => (meanOf(seen.truth) < 0.5 ? null : honest(seen)),
    },
    noisy: {
      title: 'noisy',
      does: 'turns each verdict around with a chance of 20 %',
      grade: (seen) => mapValues(seen.truth, (value) => (seen.ofCall.next() < 0.2 ? 1 - value : value)),
    },
    keywords: {
      title: 'keyword matcher',
      does: 'counts the words of the task that the answer repeats',
      grade: (seen) =>
        spread(
          share([...new Set(words(othersOf(seen)))].slice(-40), new Set(words(seen.candidate))) * 2,
          seen,
        ),
    },
    lenient: {
      title: 'lenient',
      does: 'lets half of what is wrong pass',
      grade: (seen) =>
        mapValues(honest(seen), (value, name) =>
          value < 0.5 && seen.ofContent(`${name}, lenient`, value).next() < 0.5 ? 1 : value,
        ),
    },
  };
}

export default (name) => openSimulator(name, furtherJudges());
