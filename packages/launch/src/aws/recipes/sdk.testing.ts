import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonValue } from '@touchstone/spec';
import type { Case } from './cases.testing.js';
import { standIn, type HubTemplate } from './hub.testing.js';
import type { Tuning } from './key.js';
import { KEY_NAMES, keyOf, KEYS } from './keys.js';

const PYTHON = process.env['TOUCHSTONE_AWS_PYTHON'];

function missing(): string {
  if (PYTHON === undefined) {
    return 'TOUCHSTONE_AWS_PYTHON does not name a Python in which amzn-nova-forge and sagemaker are installed';
  }
  const find =
    'import importlib.util as u; exit(not all(map(u.find_spec, ["amzn_nova_forge", "sagemaker"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks amzn-nova-forge or sagemaker`;
}
/** Why AWS's SDKs cannot be asked; empty: they can. */
export const noSdks = missing();

/** What somebody makes of a case, or why not; `sent`: the recipe that sagemaker hands over, where it is to be one. */
export type Answer = { made: JsonObject; sent?: JsonObject | null } | { refused: string };
interface Questions {
  cases?: readonly Case[];
  lines?: readonly string[];
  sets?: readonly (readonly string[])[];
}
interface Answers {
  forge: Answer[];
  sagemaker: (Answer | null)[];
  /** Null: it is taken. */
  lines: (string | null)[];
  sets: (string | null)[];
}

const float = (value: JsonValue): JsonValue => (typeof value === 'number' ? { float: value } : value);

/** Its floats are marked as floats, but for temperature, which the recipes write without a point. */
function marked({ recipe, spec }: HubTemplate): JsonObject {
  const paths = new Set(
    KEY_NAMES.filter((key) => KEYS[key].type === 'float' && key !== 'temperature').flatMap((key) =>
      Object.values(KEYS[key].in).map(({ path }) => path),
    ),
  );
  const walk = (tree: JsonObject, at: string): JsonObject =>
    Object.fromEntries(
      Object.entries(tree).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null
          ? walk(value as JsonObject, `${at}${name}.`)
          : paths.has(at + name)
            ? float(value)
            : value,
      ]),
    );
  const specs = Object.entries(spec).map(([name, one]) => [
    name,
    one.type === 'float' ? { ...one, default: float(one.default ?? null) } : one,
  ]);
  return { recipe: walk(recipe, ''), spec: Object.fromEntries(specs) as JsonObject };
}

/** What AWS's SDKs make of cases, and say of lines of training data and of whole files of them. */
export function askSdks({ cases = [], ...lines }: Questions): Answers {
  const template = (target: 'hyperpod' | 'training-job') =>
    Object.fromEntries(
      (['lora', 'full'] as Tuning[]).map((tuning) => [tuning, marked(standIn(target, tuning))]),
    );
  const input = {
    templates: { hyperpod: template('hyperpod'), 'training-job': template('training-job') },
    ...lines,
    cases: cases.map(({ withoutPoint, ...one }) => ({
      ...one,
      overrides: Object.fromEntries(
        Object.entries(one.overrides).map(([name, value]) => {
          const key = keyOf(name);
          return [name, !withoutPoint && key && KEYS[key].type === 'float' ? float(value) : value];
        }),
      ),
    })),
  };
  const script = fileURLToPath(new URL('sdk.testing.py', import.meta.url));
  const { stdout, stderr } = spawnSync(PYTHON!, [script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answers;
}
