import { criteriaOf, nearest, parseModelId } from '@touchstone/core';
import { findingNames } from '@touchstone/lab';
import { isHosted, scheduleProblem } from '@touchstone/train/schema';
import { isLocal } from './policy-model.js';
import type { Config, ExaminationConfig, ScoringConfig } from './schema.js';
import type { Path, Problem, YamlSource } from './yaml-source.js';

/** Parts that only make sense with one another. */
export function consistencyProblems(config: Config | ExaminationConfig, source: YamlSource): Problem[] {
  const problems: Problem[] = [];
  const need = (path: Path, missing: boolean, message: string): void => {
    if (missing) problems.push({ place: source.keyPlace(path), message: `${path.join('.')}: ${message}` });
  };
  const { data, gate } = config;
  if (config.training.sft !== undefined) {
    need(
      ['training', 'sft'],
      data.annotations === undefined,
      'set data.annotations, the answers to learn from',
    );
  }
  const { backend, save_top_k, validation_tasks, patience } = config.training;
  need(
    ['training', 'save_top_k'],
    save_top_k !== undefined && backend !== 'embedded',
    `the engine of this package scores its checkpoints, and ${backend} does not: take it out, or set training.backend to embedded`,
  );
  for (const [key, value] of Object.entries({ validation_tasks, patience })) {
    need(
      ['training', key],
      value !== undefined && save_top_k === undefined,
      'set training.save_top_k, with which checkpoints are scored',
    );
  }
  if (config.policy !== undefined) policyProblems(config, need);
  asynchronousProblems(config, need);
  for (const setting of ['deviation_floor', 'margin'] as const) {
    if (Object.entries(config.training).every(([key, value]) => key !== setting || value !== 'judge'))
      continue;
    const noNoise = data.labelled === undefined || config.validation.repeats < 2;
    need(
      ['training', setting],
      noNoise,
      'the noise of the judge is measured on data.labelled, with validation.repeats of 2 or more: set both, or a number',
    );
    need(
      ['training', setting],
      config.reward.formula !== undefined,
      'how much of the noise of the judge comes through reward.formula is not known: set a number',
    );
  }
  metricsProblems(config, need);
  const known = findingNames(criteriaOf(config.judge));
  for (const [finding, entry] of Object.entries(gate === 'off' ? {} : gate)) {
    const path = ['gate', finding];
    if (!known.includes(finding)) {
      const guess = nearest(finding, known);
      const hint = guess === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${guess}"?`;
      need(path, true, `there is no such finding, ${hint}`);
    }
    if (entry === 'off') continue;
    // A gate on a figure that cannot be computed would always say no, after the judge was paid.
    if (!/^(regression|abstention_rate$)/.test(finding)) {
      need(path, data.labelled === undefined, 'set data.labelled, the answers that this is measured on');
    }
    if (/flip_rate|^(score_|smallest_change|repeats_needed|undecided|variant_excess)/.test(finding)) {
      need(
        path,
        config.validation.repeats < 2,
        'set validation.repeats to 2 or more, to see the judge change its mind',
      );
    }
    if (/^(variant_|criteria_order)/.test(finding)) {
      need(path, config.validation.variants === 0, 'set validation.variants, the tasks to ask about');
    }
    if (finding.startsWith('heldout_')) {
      need(path, config.heldout_judge === undefined, 'set heldout_judge, the judge to correlate with');
    }
    if (finding.startsWith('regression'))
      need(path, data.regression === undefined, 'set data.regression, the cases');
  }
  return problems;
}

/** What an evaluation by itself lacks. */
export function evaluationProblems(
  { evaluation, data, judge }: ScoringConfig,
  source: YamlSource,
): Problem[] {
  const problems: Problem[] = [];
  const need: Need = (path, missing, message) => {
    if (missing) problems.push({ place: source.keyPlace(path), message: `${path.join('.')}: ${message}` });
  };
  for (const [name, model] of Object.entries(evaluation.models ?? {})) {
    need(
      ['evaluation', 'models', name],
      'temperature' in model &&
        model.temperature === null &&
        parseModelId(model.model).provider.isLocal === true,
      'a model of this machine is drawn from at a temperature: expected a number',
    );
    need(
      ['evaluation', 'models', name],
      !('answers' in model) && !('run' in model) && data?.eval === undefined,
      'set data.eval, the tasks that it answers',
    );
  }
  need(
    ['evaluation', 'judge_variants'],
    evaluation.judge_variants === true && judge === undefined,
    'set judge, which is asked in other ways',
  );
  return problems;
}

type Need = (path: Path, missing: boolean, message: string) => void;

/** A metric goes with criteria that the judge has, and is looked up in outcomes. */
function metricsProblems(
  { metrics, data, judge }: Pick<ExaminationConfig, 'metrics' | 'data' | 'judge'>,
  need: Need,
): void {
  const without = 'set data.outcomes, answers that were in production with what came of them';
  need(['metrics'], metrics !== undefined && data.outcomes === undefined, without);
  need(
    ['data', 'outcomes'],
    data.outcomes !== undefined && metrics === undefined,
    'set metrics, which say what of the outcomes counts and which way is better',
  );
  const known = [...criteriaOf(judge).map(({ name }) => name), 'score'];
  for (const [metric, { criteria = [] }] of Object.entries(metrics ?? {})) {
    for (const criterion of criteria) {
      const guess = nearest(criterion, known);
      const hint = guess === undefined ? `expected ${known.join(', ')}` : `did you mean "${guess}"?`;
      need(
        ['metrics', metric, 'criteria'],
        !known.includes(criterion),
        `the judge has no criterion "${criterion}", ${hint}`,
      );
    }
    need(
      ['metrics', metric, 'criteria'],
      new Set(criteria).size < criteria.length,
      'expected each criterion once',
    );
  }
}

/** AWS counts the age of answers in a unit that it does not say; what its values mean together is its matter. */
function asynchronousProblems({ training }: Pick<Config, 'training'>, need: Need): void {
  if (training.type === 'synchronous') {
    for (const key of ['age_tolerance', 'refit_freq', 'importance_cap'] as const) {
      need(
        ['training', key],
        training[key] !== undefined,
        'set training.type to off_policy_async, which it is for',
      );
    }
  } else if (!isHosted(training.backend)) {
    const problem = scheduleProblem(training);
    need(['training', 'type'], problem !== null, problem ?? '');
    need(
      ['training', 'sampling_tries'],
      'sampling_tries' in training && training.sampling_tries > 0,
      'further answers are drawn and waited for within a step, which off_policy_async is there to avoid: expected 0, or training.type synchronous',
    );
    need(
      ['training', 'algorithm'],
      training.algorithm === 'dpo',
      'dpo compares two answers at the weights that drew them: expected training.type synchronous',
    );
  }
}

/** Trainers of AWS train models that are there; all others train a model of this machine. */
function policyProblems(
  { policy, training }: Pick<Config, 'training'> & { policy?: Config['policy'] | undefined },
  need: Need,
): void {
  if (policy === undefined) return;
  const { backend, sft } = training;
  const local = isLocal({ policy });
  const atAws = isHosted(backend);
  need(
    ['policy', 'model'],
    !local && !atAws,
    `training.backend ${backend} trains a model of this machine: expected local:FOLDER, a Hugging Face folder with a Llama-family model`,
  );
  need(
    ['policy', 'model'],
    local && atAws,
    `training.backend ${backend} trains a model that AWS has: expected the base as Bedrock serves it, such as bedrock:us.amazon.nova-2-lite-v1:0`,
  );
  need(
    ['training', 'backend'],
    atAws && training.aws === undefined,
    `set training.aws, the account that ${backend} trains in`,
  );
  need(['policy', 'calls'], local && policy.calls !== undefined, 'a model of this machine has no use for it');
  need(
    ['policy', 'calls', 'temperature'],
    typeof policy.calls?.temperature === 'number',
    'answers are drawn at policy.temperature: set that one; null here leaves it out of the requests',
  );
  need(
    ['training', 'sft'],
    !local && sft !== undefined,
    'the engine of this machine does it, which policy.model is no model of',
  );
}
