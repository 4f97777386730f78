import { readFile } from 'node:fs/promises';
import { InputError } from '@touchstone/spec';
import { parse } from 'yaml';
import { failed, ok, warning, type Finding } from '@touchstone/run';

/** What a SageMaker recipe says that the reward function depends on. */
export interface Recipe {
  /** The function's ARN, wherever the recipe has it. */
  arn?: string | undefined;
  batchSize?: number | undefined;
  concurrency?: number | undefined;
  maxNewTokens?: number | undefined;
  findings: Finding[];
}

/** No alias or version: the Forge SDK and the recipes of HyperPod know no other form. */
const UNQUALIFIED_ARN = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+$/;
const ANY_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+(:[A-Za-z0-9-_$]+)?$/;

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
  const number = (name: string): number | undefined => {
    const given = leaves.get(name);
    return typeof given === 'number' ? given : undefined;
  };
  const arn = ['reward_lambda_arn', 'lambda_arn']
    .map((name) => leaves.get(name))
    .find((one): one is string => typeof one === 'string' && one !== '' && !one.startsWith('${'));
  const recipe = {
    arn,
    batchSize: number('lambda_batch_size'),
    concurrency: number('lambda_concurrency_limit') ?? number('lambda_concurrency'),
    maxNewTokens: number('max_new_tokens'),
  };
  const findings = [arnFinding(arn)];
  const maxLength = number('max_length');
  if (maxLength !== undefined && recipe.maxNewTokens !== undefined && recipe.maxNewTokens >= maxLength) {
    findings.push(
      failed(
        'Lengths',
        `max_new_tokens ${recipe.maxNewTokens} leaves a prompt no room in max_length ${maxLength}`,
      ),
    );
  }
  if (leaves.get('reasoning_effort') === 'medium') {
    findings.push(
      failed('reasoning_effort', 'SageMaker knows low and high (or none); only Bedrock has medium'),
    );
  }
  if (Object.hasOwn(value, 'rl_env') && Object.hasOwn(value, 'training_config')) {
    findings.push(failed('rl_env', 'belongs to evaluation; training reads run.reward_lambda_arn'));
  }
  return { ...recipe, findings };
}

function arnFinding(arn: string | undefined): Finding {
  const what = 'reward_lambda_arn';
  if (arn === undefined) return failed(what, 'the recipe names no reward function');
  if (!ANY_ARN.test(arn)) return failed(what, `${arn} is no ARN of a Lambda function`);
  if (!arn.includes('SageMaker')) {
    return failed(
      what,
      `${arn}: HyperPod invokes only functions whose name holds "SageMaker", in this casing`,
    );
  }
  return UNQUALIFIED_ARN.test(arn)
    ? ok(what, `${arn}; without an alias it does not use provisioned concurrency`)
    : warning(
        what,
        `${arn}: the Nova Forge SDK refuses an ARN with an alias, or of another partition than aws`,
      );
}

/** Every value that is no mapping, by its last key; the first one where a name is there twice. */
function leavesOf(value: object): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    if (typeof child === 'object' && child !== null) {
      for (const [name, leaf] of leavesOf(child)) if (!leaves.has(name)) leaves.set(name, leaf);
    } else if (!leaves.has(key)) leaves.set(key, child);
  }
  return leaves;
}
