import { WATCHED_METRICS } from './watched-metrics.js';

/** A number that a run measures. What draws metrics reads this; what a file holds beyond it is shown under its own name. */
export interface Metric {
  /** Its key in the `metrics` of `summary.json`. */
  name: string;
  /** What it is measured of: a model on the held-out tasks, a training step, or the judge over the whole run. */
  of: 'model' | 'step' | 'judge';
  label: string;
  /** What it counts; null for scores and shares of 0–1 and for plain numbers. */
  unit: string | null;
  /** Which way is better. */
  better: 'higher' | 'lower' | 'neither';
  /** What it means, in a sentence. */
  about: string;
  /** Its column in the short table that a run ends with; the report draws a chart of it too. Absent: in full tables only. */
  headline?: string;
}

/**
 * Every metric there is, in the order that tables and reports show them. Those of models are computed in
 * `lab/evaluation`, those of steps by the trainer and where its steps are summarised.
 */
export const METRICS: readonly Metric[] = [
  {
    name: 'judge_score',
    of: 'model',
    label: 'Judge score',
    unit: null,
    better: 'higher',
    about: 'Mean score by the judge that is trained against.',
    headline: 'judge score',
  },
  {
    name: 'heldout_judge_score',
    of: 'model',
    label: 'Held-out judge score',
    unit: null,
    better: 'higher',
    about: 'The same answers scored by a judge that training never saw.',
    headline: 'held-out judge',
  },
  {
    name: 'json_valid',
    of: 'model',
    label: 'JSON validity',
    unit: null,
    better: 'higher',
    about: "Share of answers that are valid under the task's JSON Schema.",
    headline: 'JSON valid',
  },
  {
    name: 'truth_score',
    of: 'model',
    label: 'Truth score',
    unit: null,
    better: 'higher',
    about: 'Score against ground truth, where the data has it.',
    headline: 'truth',
  },
  {
    name: 'best_of_k',
    of: 'model',
    label: 'Judge score, best of k',
    unit: null,
    better: 'higher',
    about: 'Judge score of the best of k sampled answers to a task.',
  },
  {
    name: 'reward',
    of: 'step',
    label: 'Reward',
    unit: null,
    better: 'higher',
    about: "Mean of the step's rollouts after the abstention policy.",
  },
  {
    name: 'validation_score',
    of: 'step',
    label: 'Validation score',
    unit: null,
    better: 'higher',
    about:
      "Mean score of the checkpoint's answers to tasks that are not trained on, by the held-out judge where there is one.",
  },
  {
    name: 'response_tokens',
    of: 'step',
    label: 'Answer length',
    unit: 'tokens',
    better: 'neither',
    about: "Mean length of the step's answers.",
  },
  {
    name: 'zero_variance',
    of: 'step',
    label: 'Zero-variance groups',
    unit: null,
    better: 'lower',
    about: 'Share of groups whose rewards are all equal: they teach nothing.',
  },
  {
    name: 'redrawn',
    of: 'step',
    label: 'Groups drawn beyond',
    unit: 'groups',
    better: 'lower',
    about: 'Groups of further tasks that were drawn in place of groups without contrast.',
  },
  {
    name: 'abstained',
    of: 'step',
    label: 'Abstentions',
    unit: 'rollouts',
    better: 'lower',
    about: 'Rollouts that the judge could not score.',
  },
  {
    name: 'control_tokens',
    of: 'step',
    label: 'Answers with control tokens',
    unit: 'rollouts',
    better: 'lower',
    about: 'Rollouts that hold control tokens of chat templates, which the judge saw broken.',
  },
  {
    name: 'kl',
    of: 'step',
    label: 'KL',
    unit: 'nats a token',
    better: 'neither',
    about: 'Distance to the policy that training starts from, where that is loaded.',
  },
  {
    name: 'entropy',
    of: 'step',
    label: 'Entropy',
    unit: 'nats a token',
    better: 'neither',
    about: 'How undecided the policy is at each token of its answers, where the trainer measures it.',
  },
  {
    name: 'clip_fraction',
    of: 'step',
    label: 'Clip fraction',
    unit: null,
    better: 'neither',
    about: 'Share of tokens whose probability ratio was clipped.',
  },
  {
    name: 'grad_norm',
    of: 'step',
    label: 'Gradient norm',
    unit: null,
    better: 'neither',
    about: 'L2 norm of the gradient before it is clipped.',
  },
  {
    name: 'loss',
    of: 'step',
    label: 'Loss',
    unit: null,
    better: 'neither',
    about: 'Loss of the policy update.',
  },
  {
    name: 'age',
    of: 'step',
    label: 'Age of answers',
    unit: 'steps',
    better: 'lower',
    about:
      "Steps of training that the weights which drew the step's answers were behind those that learned from them.",
  },
  {
    name: 'effective_tokens',
    of: 'step',
    label: 'Effective tokens',
    unit: null,
    better: 'higher',
    about:
      'As how large a share of its tokens a step counts, since older weights drew them: 1 if the weights that learn had drawn them.',
  },
  {
    name: 'importance_capped',
    of: 'step',
    label: 'Capped tokens',
    unit: null,
    better: 'lower',
    about: 'Share of tokens that have become likelier since they were drawn by more than importance_cap.',
  },
  ...WATCHED_METRICS,
  {
    name: 'truth_agreement',
    of: 'judge',
    label: 'Agreement with ground truth',
    unit: null,
    better: 'higher',
    about: 'Share of held-out answers that the judge and ground truth both pass or both fail.',
  },
];

/** The metric of a name; of a name that is not registered, one that says no more than the name. */
export function metricNamed(of: Metric['of'], name: string): Metric {
  return (
    METRICS.find((metric) => metric.of === of && metric.name === name) ?? {
      name,
      of,
      label: name,
      unit: null,
      better: 'neither',
      about: '',
    }
  );
}

/** The metrics with these names, each once: in the registry's order, then those that it does not have as they come. */
export function inRegistryOrder(of: Metric['of'], names: readonly string[]): Metric[] {
  const rank = (metric: Metric): number => {
    const place = METRICS.indexOf(metric);
    return place < 0 ? METRICS.length : place;
  };
  return [...new Set(names)].map((name) => metricNamed(of, name)).sort((a, b) => rank(a) - rank(b));
}
