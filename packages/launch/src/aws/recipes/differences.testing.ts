import type { JsonValue } from '@touchstone/spec';
import type { Case } from './cases.testing.js';
import { KEY_NAMES, keyOf, type KeyName } from './keys.js';
import { placeOf } from './values.js';

export type Sdk = 'amzn-nova-forge' | 'sagemaker';

interface Compared {
  sdk: Sdk;
  case: Case;
}
export interface Refusal extends Compared {
  kind: 'we refuse' | 'they refuse';
  text: string;
  key: KeyName | undefined;
}
/** What one of AWS's SDKs makes another thing of than this room. */
export type Difference =
  | Refusal
  | (Compared & { kind: 'value'; path: string; ours: JsonValue | undefined; theirs: JsonValue | undefined });
interface Known {
  /** As docs/aws-training.md has it. */
  what: string;
  explains: (difference: Difference) => boolean;
}

/** The key that stands there. */
const keyAt = ({ target, tuning }: Case, path: string): KeyName | undefined =>
  KEY_NAMES.find((key) => placeOf(key, target, tuning)?.path === path);
const placeIn = ({ target, tuning }: Case, key: KeyName | undefined) =>
  key === undefined ? undefined : placeOf(key, target, tuning);
const givenAs = ({ overrides }: Case, key: KeyName | undefined): string | undefined =>
  key === undefined ? undefined : Object.keys(overrides).find((spelling) => keyOf(spelling) === key);
const isHubStep = (path: string): boolean => /(^|\.)(max|save)_steps$/.test(path);

/** Whether an SDK finds an override by the name that it has in a case. */
function isFound({ sdk, case: one }: Difference, key: KeyName | undefined): boolean {
  const spelling = givenAs(one, key);
  const where = one.target === 'serverless' ? { ...one, target: 'training-job' as const } : one;
  const place = placeIn(where, key);
  if (spelling === undefined || !place) return false;
  return (
    place.path.endsWith(`.${spelling}`) ||
    (one.target === 'bedrock' && place.path === spelling) ||
    (sdk === 'sagemaker' && place.hub?.name === spelling)
  );
}

/** Where the SDKs and this room part, each with its reason; the first that explains a difference is its reason. */
export const DIFFERENCES: readonly Known[] = [
  {
    what: 'An override that no recipe knows is refused, with a suggestion; the SDKs ignore it.',
    explains: (one) => one.kind === 'we refuse' && one.text.includes('no recipe of AWS has such a key'),
  },
  {
    what: 'The same key by two names is refused; the SDKs take the one that they know.',
    explains: (one) => one.kind === 'we refuse' && one.text.includes('is there twice, by two names'),
  },
  {
    what: 'An answer that leaves a prompt no room is refused (max_new_tokens ≥ max_length); the SDKs let it pass.',
    explains: (one) => one.kind === 'we refuse' && one.text.includes('leaves a prompt no room'),
  },
  {
    what: 'A wrong type is refused also where the target ignores the key; the SDKs do not look at it.',
    explains: (one) => one.kind === 'we refuse' && one.key !== undefined && !placeIn(one.case, one.key),
  },
  {
    what: 'Other names are taken: of the hub, of the other recipe, of Bedrock. amzn-nova-forge knows the recipe’s own only, sagemaker those of the hub too; both ignore the rest, right or wrong.',
    explains: (one) => {
      const key = one.kind === 'value' ? keyAt(one.case, one.path) : one.key;
      if (one.kind === 'value' && (one.ours ?? null) !== one.case.overrides[givenAs(one.case, key) ?? ''])
        return false;
      return one.kind !== 'they refuse' && givenAs(one.case, key) !== undefined && !isFound(one, key);
    },
  },
  {
    what: 'Limits that only the documentation and the recipes’ comments have are kept to; the SDKs check those of the hub’s template only.',
    explains: (one) =>
      one.kind === 'we refuse' && !placeIn(one.case, one.key)?.hub && one.text.includes('expected'),
  },
  {
    what: 'Beyond the hub’s limits, and within those of the documentation or of the article, a recipe is made, with a remark (max_length, global_batch_size, lora_alpha, learning_rate_ratio); the SDKs refuse.',
    explains: (one) =>
      one.kind === 'they refuse' &&
      placeIn(one.case, one.key)?.hub !== undefined &&
      /no greater than|at least|one of|above maximum|below minimum|allowed values/.test(one.text),
  },
  {
    what: 'A whole number does for a float; amzn-nova-forge refuses 1 where its template has 1.0.',
    explains: (one) =>
      one.kind === 'they refuse' &&
      one.sdk === 'amzn-nova-forge' &&
      one.text.includes('expects float. You provided int'),
  },
  {
    what: 'Without max_steps and save_steps the recipe’s own hold (100 or 5 steps, a checkpoint at the end); the hub’s are 10 and 10.',
    explains: (one) =>
      one.kind === 'value'
        ? isHubStep(one.path) && givenAs(one.case, keyAt(one.case, one.path)) === undefined
        : /save_steps/.test(one.text) && givenAs(one.case, 'max_steps') === undefined,
  },
  {
    what: 'MLflow’s names are never empty, as the recipe asks; the SDKs leave them empty where there is no server.',
    explains: (one) =>
      one.kind === 'value' && /mlflow_(experiment|run)_name$/.test(one.path) && one.theirs === '',
  },
  {
    what: 'An evaluation that is a training job has no output in its recipe, as the recipe asks: the request says it; amzn-nova-forge writes both.',
    explains: (one) =>
      one.kind === 'value' && one.case.target === 'evaluation' && one.path === 'run.output_s3_path',
  },
  {
    what: 'The instances of a training job stand in the recipe too; sagemaker says them in the request only.',
    explains: (one) =>
      one.kind === 'value' &&
      one.sdk === 'sagemaker' &&
      one.case.target === 'training-job' &&
      one.path === 'run.replicas',
  },
  {
    what: 'Keys that only the documentation has are written where they are given; the SDKs ignore what is not in the hub’s template.',
    explains: (one) =>
      one.kind === 'value' && placeIn(one.case, keyAt(one.case, one.path))?.only === 'documentation',
  },
  {
    what: 'A serverless job is sent any key of the recipe that is given, as sagemaker does; amzn-nova-forge sends nine and drops the rest.',
    explains: (one) =>
      one.kind === 'value' &&
      one.sdk === 'amzn-nova-forge' &&
      placeIn(one.case, keyAt(one.case, one.path))?.only === 'sdk',
  },
  {
    what: 'A serverless job is told how much to reason, as amzn-nova-forge does; sagemaker says it only where it is given.',
    explains: (one) =>
      one.kind === 'value' &&
      one.sdk === 'sagemaker' &&
      one.case.target === 'serverless' &&
      one.path === 'reasoning_effort' &&
      one.theirs === undefined,
  },
  {
    what: 'A serverless job has one learning rate, alpha and ratio, by the hub’s names; of those that are given by the recipe’s names sagemaker sends both, its default by the hub’s name.',
    explains: (one) =>
      one.kind === 'value' &&
      one.sdk === 'sagemaker' &&
      one.case.target === 'serverless' &&
      /^(lr|alpha|lora_plus_lr_ratio|learning_rate|lora_alpha|learning_rate_ratio)$/.test(one.path),
  },
];
