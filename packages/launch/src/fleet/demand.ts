import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { accountOf, readTasksStrict, singleJudges } from '@touchstone/core';
import {
  callsPerAnswer,
  fieldsNamed,
  type Loaded,
  type ModelCalls,
  type ScoringConfig,
} from '@touchstone/run';
import type { Demand, Lane } from './replicas.js';

/** Of a judge that nobody has timed: seconds of a call. */
export const ASSUMED_LATENCY = { p50: 4, p99: 15 };

/** What is known of the use that a fleet will have, and no configuration says. */
export interface Use {
  /** Answers judged at once; default: those of a training step. */
  answers: number | undefined;
  latency: Demand['latency'];
  /** Each request holds all answers of its task. */
  wholeGroups: boolean;
}

/**
 * Processor time of an answer in a server, in seconds: `npm run bench:fleet` measured 8 to 13 ms with prompts of 16 to 32 kB on a busy
 * machine (docs/fleet.md). More, since other machines are slower.
 */
const CPU_SECONDS = 0.015;

/** As in the plan of a run: letters of a token of text, about. */
const LETTERS_A_TOKEN = 4;
const MOST_TASKS = 200;

/**
 * What a configuration and its use ask of a fleet. Prompts of the training tasks are made and measured where those are there; else a
 * call of each judge is assumed, and how long it is is not known.
 *
 * @throws {InputError} a task or an input of the judge is wrong.
 */
export async function demandOf(
  { config, baseDir }: Pick<Loaded<ScoringConfig>, 'config' | 'baseDir'>,
  { answers, latency, wholeGroups }: Use,
): Promise<Demand> {
  const { judge, training, policy } = config;
  const { prompts_per_step, group_size } = training;
  const file = config.data?.train && resolve(baseDir, config.data.train);
  const all = file && existsSync(file) ? await readTasksStrict(file, fieldsNamed(config)) : [];
  const tasks = all.filter((_, i) => i % Math.ceil(all.length / MOST_TASKS) === 0);
  const response = 'word '.repeat(Math.ceil(((policy?.max_tokens ?? 512) * LETTERS_A_TOKEN) / 5));
  const shown = tasks.flatMap((task) =>
    Array.from({ length: group_size }, (_, i) => ({ task, response: `${i} ${response}`, together: task.id })),
  );
  const { compares, models } = judge
    ? await callsPerAnswer({ config, baseDir }, judge, shown)
    : { compares: false, models: [] };
  const assumed = (judge ? singleJudges(judge) : []).flatMap(({ config: one }) =>
    'model' in one ? [{ asked: one, calls: 1, tokens: null }] : [],
  );
  return {
    answers: answers ?? prompts_per_step * group_size,
    lanes: lanesOf(models.length > 0 ? models : assumed, baseDir),
    latency,
    cpuSeconds: CPU_SECONDS,
    gathers: compares && !wholeGroups,
  };
}

/** Judges that ask one model at one account share its limits, and the lower of what they declare holds. */
function lanesOf(
  models: readonly (Omit<ModelCalls, 'tokens'> & Pick<Lane, 'tokens'>)[],
  baseDir: string,
): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const { asked, calls, tokens } of models) {
    const key = accountOf(asked, baseDir)?.key ?? asked.model;
    const before = lanes.get(key);
    const all = calls + (before?.calls ?? 0);
    lanes.set(key, {
      model: asked.model,
      calls: all,
      tokens:
        tokens === null || before?.tokens === null
          ? null
          : (tokens * calls + (before ? before.tokens * before.calls : 0)) / all,
      requestsPerMinute: lower(asked.requests_per_minute, before?.requestsPerMinute),
      tokensPerMinute: lower(asked.tokens_per_minute, before?.tokensPerMinute),
      concurrency: Math.min(asked.concurrency, before?.concurrency ?? Infinity),
    });
  }
  return [...lanes.values()];
}

const lower = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
