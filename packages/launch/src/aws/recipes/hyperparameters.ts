import { InputError, type JsonObject, type JsonValue } from '@touchstone/spec';
import { decimal } from './decimal.js';
import { TARGET_NAMES, type Overrides } from './key.js';
import { KEYS, type KeyName } from './keys.js';
import { readings } from './readings.js';
import { complete, contradictions, placeOf, settle } from './values.js';

export interface Hyperparameters<T> {
  hyperParameters: T;
  /** What is ignored, what AWS's SDKs would refuse, and what AWS leaves open; for people. */
  remarks: string[];
}

/**
 * `HyperParameters` of a serverless CreateTrainingJob (RLVR, LORA): text by name. Every one is said, so that the job does not
 * change with AWS's defaults.
 *
 * @param name of the run.
 * @throws {InputError} that names every override that is wrong.
 */
export function serverlessHyperparameters(
  name: string,
  overrides: Overrides,
): Hyperparameters<Record<string, string>> {
  const { values, remarks } = valuesOf('serverless', overrides, new Map([['name', name]]));
  const text = (key: KeyName, value: JsonValue): string =>
    KEYS[key].type === 'float'
      ? decimal(Number(value))
      : typeof value === 'string'
        ? value
        : JSON.stringify(value);
  const said = [...values].filter(([, value]) => value !== null);
  const unsaid = [...values.keys()].filter((key) => values.get(key) === null);
  return {
    hyperParameters: Object.fromEntries(
      said.map(([key, value]) => [placeOf(key, 'serverless', 'lora')!.path, text(key, value)]),
    ),
    remarks: [
      ...remarks,
      ...unsaid.map(
        (key) => `${key} null: text cannot say it, so that the value of AWS's own recipe may hold (high)`,
      ),
    ],
  };
}

/**
 * `rftConfig.hyperParameters` of Bedrock's CreateModelCustomizationJob: numbers and text by name, every one said.
 *
 * @throws {InputError} that names every override that is wrong.
 */
export function bedrockHyperparameters(overrides: Overrides): Hyperparameters<JsonObject> {
  const { values, remarks } = valuesOf('bedrock', overrides);
  return {
    hyperParameters: Object.fromEntries(
      [...values].map(([key, value]) => [placeOf(key, 'bedrock', 'lora')!.path, value]),
    ),
    remarks,
  };
}

function valuesOf(
  target: 'serverless' | 'bedrock',
  overrides: Overrides,
  job: ReadonlyMap<KeyName, JsonValue> = new Map(),
): { values: Map<KeyName, JsonValue>; remarks: string[] } {
  const { given, problems, remarks } = settle(target, 'lora', overrides);
  const values = complete(target, 'lora', new Map([...job, ...given]));
  const wrong = [...problems, ...contradictions(values)];
  if (wrong.length > 0) {
    throw new InputError(wrong.map((message) => ({ message: `${TARGET_NAMES[target]}: ${message}` })));
  }
  return { values, remarks: [...remarks, ...readings(target, values)] };
}
