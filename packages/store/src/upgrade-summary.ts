import { SUMMARY_VERSION } from '@touchstone/spec';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapValues = (value: unknown, change: (one: Fields) => Fields): unknown =>
  isFields(value)
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, isFields(one) ? change(one) : one]))
    : value;

/**
 * The content of a `summary.json` of an older version as this version writes it. What is not understood stays where it
 * is, for the schema to refuse.
 */
export function upgradeSummary(value: unknown): unknown {
  const second = isFields(value) && value['version'] === 1 ? fromFirst(value) : value;
  return isFields(second) && second['version'] === 2 ? fromSecond(second) : second;
}

/** Version 2 has metrics by name. */
function fromFirst({ models, steps, judge, ...value }: Fields): Fields {
  return {
    ...value,
    version: 2,
    models: mapValues(models, upgradeModel),
    steps: Array.isArray(steps)
      ? steps.map((step: unknown) => (isFields(step) ? upgradeStep(step) : step))
      : steps,
    judge: isFields(judge) ? upgradeJudge(judge) : judge,
  };
}

/** Version 3 says more of findings, and tells a gate that was overridden from what it had said. */
function fromSecond({ judge, ...value }: Fields): Fields {
  return { ...value, version: SUMMARY_VERSION, judge: isFields(judge) ? judgeFromSecond(judge) : judge };
}

function judgeFromSecond({ findings, gate, ...judge }: Fields): Fields {
  return {
    ...judge,
    findings: Array.isArray(findings)
      ? findings.map((one: unknown) => (isFields(one) ? { ...one, family: '', note: null } : one))
      : findings,
    gate: gate === 'overridden' ? 'failed' : gate,
    certificate: null,
  };
}

function upgradeModel({ components, mean_tokens, abstained, ...metrics }: Fields): Fields {
  return { metrics, components, mean_tokens, abstained };
}

function upgradeStep({
  step,
  components,
  seconds,
  reward_low: low,
  reward_high: high,
  ...metrics
}: Fields): Fields {
  const intervals = low === null && high === null ? {} : { reward: { low, high } };
  return { step, metrics, intervals, components, seconds };
}

function upgradeJudge({ checks, truth_agreement, ...judge }: Fields): Fields {
  return { ...judge, metrics: { truth_agreement }, findings: checks };
}
