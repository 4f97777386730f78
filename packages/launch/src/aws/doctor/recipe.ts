import { readFile } from 'node:fs/promises';
import { nearest } from '@touchstone/core';
import { failed, ok, warning, type Finding } from '@touchstone/run';
import { InputError, type JsonValue } from '@touchstone/spec';
import { parse } from 'yaml';
import { arnRemark } from '../recipes/arn.js';
import type { Target } from '../recipes/key.js';
import { KEY_NAMES, keyOf, KEYS, SPELLINGS, type KeyName } from '../recipes/keys.js';
import { contradictions, settle } from '../recipes/values.js';

/** What a SageMaker recipe says that the reward function depends on. */
export interface Recipe {
  /** The function's ARN, wherever the recipe has it. */
  arn?: string | undefined;
  batchSize?: number | undefined;
  concurrency?: number | undefined;
  maxNewTokens?: number | undefined;
  findings: Finding[];
}

/**
 * Reads a training recipe of SageMaker (training job or HyperPod): its values by their own names, wherever they stand,
 * as AWS's tools match them.
 *
 * @throws {InputError} when the file cannot be read or is no YAML mapping.
 */
export async function readRecipe(file: string): Promise<Recipe> {
  let value: unknown;
  try {
    value = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw InputError.at(
      { file },
      `cannot be read as YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw InputError.at({ file }, 'expected a recipe: a mapping with run and training_config');
  }
  const leaves = leavesOf(value);
  const given = new Map<KeyName, JsonValue>();
  for (const [name, leaf] of leaves) {
    const key = keyOf(name);
    if (key !== undefined && !isReference(leaf) && !given.has(key)) given.set(key, leaf);
  }
  const number = (key: KeyName): number | undefined => {
    const one = given.get(key);
    return typeof one === 'number' ? one : undefined;
  };
  const arn = [given.get('reward_lambda_arn'), given.get('lambda_arn')].find(
    (one): one is string => typeof one === 'string' && one !== '',
  );
  const target = Object.hasOwn(value, 'evaluation') ? 'evaluation' : trainedBy(leaves);
  const findings = [
    arnFinding(arn, target),
    ...[...leaves].flatMap(([name, leaf]) => leafFindings(name, leaf, target)),
    ...contradictions(given).map((problem) => failed('Recipe', problem)),
  ];
  if (Object.hasOwn(value, 'rl_env') && Object.hasOwn(value, 'training_config')) {
    findings.push(failed('rl_env', 'belongs to evaluation; training reads run.reward_lambda_arn'));
  }
  return {
    arn,
    batchSize: number('lambda_batch_size'),
    concurrency: number('lambda_concurrency_limit'),
    maxNewTokens: number('max_new_tokens'),
    findings,
  };
}

/** By the names that only one of the two has; where none is there, HyperPod, which asks for more. */
function trainedBy(leaves: ReadonlyMap<string, JsonValue>): Target {
  const namesOnlyIn = (target: Target, other: Target): number =>
    KEY_NAMES.filter((key) => {
      const name = (place: { path: string } | undefined) => place?.path.split('.').pop();
      const [own, others] = [name(KEYS[key].in[target]), name(KEYS[key].in[other])];
      return own !== undefined && own !== others && leaves.has(own);
    }).length;
  const job = namesOnlyIn('training-job', 'hyperpod');
  return job > namesOnlyIn('hyperpod', 'training-job') ? 'training-job' : 'hyperpod';
}

/** What of one key AWS would refuse or ignore. */
function leafFindings(name: string, leaf: JsonValue, target: Target): Finding[] {
  const key = keyOf(name);
  if (key === undefined) {
    const meant = nearest(name, SPELLINGS);
    return [warning(name, `in no public recipe${meant === undefined ? '' : `; did you mean ${meant}?`}`)];
  }
  if (KEYS[key].from || isReference(leaf)) return [];
  const { problems, remarks } = settle(target, 'lora', { [name]: leaf });
  return [...problems.map((one) => failed(name, one)), ...remarks.map((one) => warning(name, one))];
}

/** A value that is said elsewhere in the recipe. */
const isReference = (leaf: JsonValue): boolean => typeof leaf === 'string' && leaf.startsWith('${');

function arnFinding(arn: string | undefined, target: Target): Finding {
  const what = 'reward_lambda_arn';
  if (arn === undefined) return failed(what, 'the recipe names no reward function');
  const remark = arnRemark(arn, target);
  if (remark) return (remark.wrong ? failed : warning)(what, remark.message);
  return ok(what, `${arn}; without an alias it does not use provisioned concurrency`);
}

/** Every value that is no mapping, by its last key; the first one where a name is there twice. */
function leavesOf(value: object): Map<string, JsonValue> {
  const leaves = new Map<string, JsonValue>();
  for (const [key, child] of Object.entries(value) as [string, JsonValue][]) {
    if (typeof child === 'object' && child !== null) {
      for (const [name, leaf] of leavesOf(child)) if (!leaves.has(name)) leaves.set(name, leaf);
    } else if (!leaves.has(key)) leaves.set(key, child);
  }
  return leaves;
}
