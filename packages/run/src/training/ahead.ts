import type { JudgeConfig } from '@touchstone/core';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { modelsOf } from '../config/judge-models.js';
import type { LoadedConfig } from '../config/load.js';
import { ok, warning, type Finding } from '../doctor/finding.js';
import { callsPerAnswer, costPerAnswer, LETTERS_A_TOKEN, NOTHING, standInAnswers } from '../stages/plan.js';
import { samplesPerTask } from '../stages/evaluate.js';
import { modelNames, REINFORCE } from '../stages/stages.js';
import { isLocal } from '../config/policy-model.js';
import { certificateOf } from '../workspace/certificate.js';
import { openWorkspace, type Workspace } from '../workspace/workspace.js';
import type { Backend, BackendPlan, PlannedCost } from './backend.js';
import { drawnRewards } from './drawn.js';
import { plannedLooks } from './look.js';
import { jobOf } from './outside.js';

/** What a training will take. Replies that are there already cost nothing, which this does not look at. */
export interface TrainingPlan extends BackendPlan {
  /** Of the configuration. */
  name: string;
  backend: string;
  /** As the configuration names it. */
  policy: string;
  trainTasks: number;
  judge: {
    id: string;
    fingerprint: string;
    /** Hash of the certificate that the judge has as it is now; null: none, for `problem`. */
    certificate: string | null;
    problem: string | null;
  };
  /** The job's folder; null where the engine of this package trains. */
  folder: string | null;
  steps: number;
  /** Answers that are drawn and judged in training, and in the evaluations, those of checkpoints among them. */
  rollouts: number;
  evaluated: number;
  /** Calls of the judge, of the held-out judge too; tokens and money as in `planExamination`. */
  calls: number;
  /** US dollars for them, and for the answers of a policy behind an API in the evaluations; null where a price is missing. */
  money: number | null;
  /** Everything that costs something: those calls, those answers, and what the backend adds. */
  costs: PlannedCost[];
  /** Seconds that the calls take at least by the judge's own `requests_per_minute`; null where it declares none. */
  callSeconds: number | null;
  /** Seconds that the steps left will take, by the mean of those that are done; null before the first. */
  stepSeconds: number | null;
}

/** As `main-job.ts` says. */
export async function planTraining(
  workspace: Workspace,
  backends: readonly Backend[],
): Promise<TrainingPlan> {
  const { config, data, store, heldout } = workspace;
  const { backend: name, steps, prompts_per_step, group_size } = config.training;
  const backend = backends.find((one) => one.name === name);
  const rollouts = steps * prompts_per_step * group_size;
  const tries = 'sampling_tries' in config.training ? config.training.sampling_tries : 0;
  let plan: BackendPlan = { files: [], settings: [], answersAtMost: rollouts * (1 + tries) };
  let folder: string | null = null;
  if (backend) {
    const job = await jobOf(backend, workspace, drawnRewards(workspace));
    ({ folder } = job);
    plan = await backend.plan(job);
  }
  const evaluated = data.eval.length * samplesPerTask(workspace) * modelNames(workspace).length;
  const judge = await costOfJudge(workspace, config.judge, group_size);
  const second =
    heldout && config.heldout_judge
      ? await costOfJudge(workspace, config.heldout_judge, samplesPerTask(workspace))
      : NOTHING;
  const all = (plan.answersAtMost ?? rollouts) + evaluated;
  const answers = policyMoney(workspace);
  // Checkpoints are judged by the held-out judge, where there is one.
  const validated = data.validation.length * Math.ceil(steps / config.training.checkpoint_every);
  const looks = plannedLooks(workspace);
  const byJudge = all + looks.judge + (heldout ? 0 : validated);
  const bySecond = evaluated + looks.heldout + (heldout ? validated : 0);
  const { certificate, problem } = await certificateOf(workspace, workspace.judge);
  const costs: PlannedCost[] = [
    costOfCalls('Judge', judge, byJudge, 'answers of training and evaluations'),
    ...(heldout ? [costOfCalls('Held-out judge', second, bySecond, 'answers of the evaluations')] : []),
    ...(isLocal(config)
      ? []
      : [
          {
            what: 'Answers of the evaluations',
            amount: `${count(evaluated)} of ${config.policy.max_tokens} tokens at most`,
            money: answers,
            note: answers === null ? 'set policy.calls.price' : "by the base's price",
          },
        ]),
    ...(plan.costs ?? []),
  ];
  const done = store.steps(REINFORCE.name);
  const seconds = done.reduce((sum, one) => sum + one.seconds, 0);
  const rate = 'requests_per_minute' in config.judge ? config.judge.requests_per_minute : undefined;
  return {
    ...plan,
    remarks: [...dataRemarks(workspace), ...(plan.remarks ?? [])],
    name: config.name,
    backend: name,
    policy: config.policy.model,
    trainTasks: data.train.length,
    judge: {
      id: workspace.judge.id,
      fingerprint: workspace.judge.fingerprint,
      certificate: certificate?.hash ?? null,
      problem,
    },
    folder,
    steps,
    rollouts,
    evaluated: evaluated + validated,
    calls: Math.round(judge.calls * byJudge + second.calls * bySecond),
    money: sumOrNull([
      judge.money === null ? null : judge.money * byJudge,
      second.money === null ? null : second.money * bySecond,
      answers,
    ]),
    costs,
    callSeconds: typeof rate === 'number' ? (judge.calls * byJudge * 60) / rate : null,
    stepSeconds: done.length > 0 ? (seconds / done.length) * Math.max(0, steps - done.length) : null,
  };
}

/** What is odd about the tasks, whoever trains on them. */
function dataRemarks({ config, data }: Workspace): string[] {
  const { prompts_per_step: prompts } = config.training;
  const tasks = data.train.length;
  return prompts > tasks
    ? [
        `training.prompts_per_step is ${prompts}, and data.train has ${tasks} tasks: some come up more than once in a step`,
      ]
    : [];
}

const count = (n: number): string => Math.round(n).toLocaleString('en');

/** @param answers that are judged. */
function costOfCalls(
  what: string,
  { calls, inputTokens, outputTokens, money }: Awaited<ReturnType<typeof costPerAnswer>>,
  answers: number,
  about: string,
): PlannedCost {
  const all = (each: number): string => count(each * answers);
  return {
    what,
    amount:
      `${all(calls)} calls about ${count(answers)} ${about}: ` +
      `${all(inputTokens)} tokens in, ${all(outputTokens)} out at most`,
    money: money === null ? null : money * answers,
    note:
      calls === 0 && money === null
        ? 'not known: it is asked nothing about the answers at hand. Set data.labelled'
        : money === null
          ? 'a model that is asked has no price in the configuration'
          : '',
  };
}

const sumOrNull = (parts: readonly (number | null)[]): number | null =>
  parts.reduce((sum, part) => (sum === null || part === null ? null : sum + part), 0);

/** What the evaluations' answers cost at most, each as long as it may be, by the base's price. */
function policyMoney(workspace: Workspace): number | null {
  const { config, data } = workspace;
  if (isLocal(config)) return 0;
  const price = config.policy.calls?.price;
  if (!price) return null;
  const answers = samplesPerTask(workspace) * modelNames(workspace).length;
  const letters = data.eval.reduce((sum, { messages }) => sum + JSON.stringify(messages).length, 0);
  const input = (letters / LETTERS_A_TOKEN) * price.input;
  return (answers * (input + data.eval.length * config.policy.max_tokens * price.output)) / 1e6;
}

/**
 * Of one answer. Money is not known where the judge is asked nothing about the answers at hand: real ones will not be like them.
 *
 * @param perTask answers of a task, which a judge that compares is shown together.
 */
async function costOfJudge(
  workspace: Workspace,
  judge: JudgeConfig,
  perTask: number,
): ReturnType<typeof costPerAnswer> {
  const { compares } = await callsPerAnswer(workspace, judge, []);
  const single = sampleAnswers(workspace, judge);
  const answers = compares ? groupsOf(single, perTask) : single;
  const cost = await costPerAnswer(workspace, judge, answers);
  return cost.calls === 0 && modelsOf(judge).length > 0 ? { ...cost, money: null } : cost;
}

type Answers = Parameters<typeof costPerAnswer>[2];

/** Answers to measure prompts with: labelled ones, or one to each task that is as long as the policy may write, with as many items as are judged. */
function sampleAnswers({ data, config }: Workspace, judge: JudgeConfig): Answers {
  if (data.labelled.length > 0) {
    return data.labelled.map(({ task, response }) => ({ task, response, together: task.id }));
  }
  return standInAnswers(data.train, judge, config.policy.max_tokens);
}

/** As many different answers to each task. */
function groupsOf(answers: Answers, perTask: number): Answers {
  const groups = new Map<string, Answers>();
  for (const one of answers) groups.set(one.together, [...(groups.get(one.together) ?? []), one]);
  return [...groups.values()].flatMap((group) =>
    Array.from({ length: perTask }, (_, i) => {
      const one = group[i % group.length]!;
      return i < group.length ? one : { ...one, response: `${one.response} ${i}` };
    }),
  );
}

/** As `main-job.ts` says. */
export async function examineTraining(
  loaded: LoadedConfig,
  backends: readonly Backend[],
): Promise<Finding[]> {
  const { backend: name } = loaded.config.training;
  const backend = backends.find((one) => one.name === name);
  if (!backend) return [ok('Trainer', `${name}: the engine of this package`)];
  // A cluster sees what lies beside the run's folder, and no temporary folder of this machine.
  const above = loaded.config.training.ray
    ? dirname(resolve(loaded.baseDir, loaded.config.output))
    : tmpdir();
  await mkdir(above, { recursive: true });
  const folder = await mkdtemp(join(above, 'touchstone-doctor-'));
  const workspace = await openWorkspace(loaded, folder);
  try {
    const job = await jobOf(backend, workspace, drawnRewards(workspace));
    await backend.plan(job);
    const remarks = dataRemarks(workspace).map((remark) => warning('Training', remark));
    return [...remarks, ...(await backend.preflight(job))];
  } finally {
    workspace.store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
