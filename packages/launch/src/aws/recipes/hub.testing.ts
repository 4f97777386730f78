import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, JsonValue } from '@touchstone/spec';
import { parse } from 'yaml';
import type { Tuning } from './key.js';
import { KEY_NAMES, KEYS } from './keys.js';
import { placeOf } from './values.js';

/** A recipe with `{{name}}` where something may be put, and what may be put there. */
export interface HubTemplate {
  recipe: JsonObject;
  spec: Record<string, Spec>;
}

interface Spec {
  type: string;
  required: boolean;
  min?: number | undefined;
  max?: number | undefined;
  enum?: readonly JsonValue[] | undefined;
  default?: JsonValue;
}

/** The hub's own, whatever the recipe says. */
const DEFAULTS: Record<string, number> = { max_steps: 10, save_steps: 10 };
const OPTIONAL = ['mlflow_tracking_uri', 'mlflow_experiment_name', 'mlflow_run_name', 'learning_rate_ratio'];
const TYPES = { integer: 'integer', float: 'float', text: 'string', boolean: 'boolean' };

/** A stand-in for the two files of SageMaker's hub, made of the table: the real ones cannot be had without an account. */
export function standIn(target: 'hyperpod' | 'training-job', tuning: Tuning): HubTemplate {
  const recipe: JsonObject = {};
  const spec: HubTemplate['spec'] = {};
  for (const key of KEY_NAMES) {
    const place = placeOf(key, target, tuning);
    if (!place || place.only) continue;
    const { hub } = place;
    const constant = KEYS[key].from?.value({ tuning } as never);
    setAt(
      recipe,
      place.path,
      hub ? `{{${hub.name}}}` : constant === undefined ? (place.default ?? '') : constant,
    );
    if (!hub) continue;
    const { name, values, ...range } = { ...hub, ...(tuning === 'full' ? place.hubFull : {}) };
    const value = DEFAULTS[name] ?? place.default ?? '';
    spec[name] = {
      type: TYPES[KEYS[key].type],
      required: !OPTIONAL.includes(name),
      ...range,
      ...(values && { enum: values }),
      default: value,
    };
  }
  return { recipe, spec };
}

function setAt(tree: JsonObject, path: string, value: JsonValue): void {
  const sections = path.split('.');
  const last = sections.pop()!;
  let at = tree;
  for (const section of sections) at = (at[section] ??= {}) as JsonObject;
  at[last] = value;
}

/** Values of a tree by their paths. */
export function flat(tree: JsonObject, at = ''): Map<string, JsonValue> {
  return new Map(
    Object.entries(tree).flatMap(([name, value]): [string, JsonValue][] =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? [...flat(value, `${at}${name}.`)]
        : [[at + name, value]],
    ),
  );
}

const RECIPES = process.env['TOUCHSTONE_AWS_RECIPES'];
export const noRecipes =
  RECIPES !== undefined && existsSync(join(RECIPES, 'launcher'))
    ? ''
    : 'TOUCHSTONE_AWS_RECIPES names no checkout of aws/sagemaker-hyperpod-recipes';

const FILES = {
  hyperpod: { lora: 'nova_lite_2_0_p5_gpu_lora_rft', full: 'nova_lite_2_0_p5_gpu_rft' },
  'training-job': {
    lora: 'nova_lite_v2_smtj_p5_p5en_gpu_lora_rft',
    full: 'nova_lite_v2_smtj_p5_p5en_gpu_rft',
  },
};
const TEMPLATES = {
  hyperpod: { lora: 'nova_lora_rft', full: 'nova_rft' },
  'training-job': { lora: 'nova_smtj_lora_rft', full: 'nova_smtj_rft' },
};

/** A recipe of the public repository. */
export const publicRecipe = (kind: 'fine-tuning' | 'evaluation', path: string): JsonObject =>
  parse(
    readFileSync(join(RECIPES!, 'recipes_collection/recipes', kind, 'nova/nova_2_0/nova_lite', path), 'utf8'),
  ) as JsonObject;

/** The same two files, from the public repository of recipes. */
export function published(target: 'hyperpod' | 'training-job', tuning: Tuning): HubTemplate {
  const recipe = publicRecipe('fine-tuning', `RFT/${FILES[target][tuning]}.yaml`);
  const { templates } = JSON.parse(
    readFileSync(
      join(RECIPES!, 'launcher/recipe_templatization/nova/nova_recipe_template_parameters.json'),
      'utf8',
    ),
  ) as {
    templates: Record<
      string,
      { recipe_template: JsonObject; recipe_override_parameters: HubTemplate['spec'] }
    >;
  };
  const template = templates[TEMPLATES[target][tuning]]!;
  for (const [path, value] of flat(template.recipe_template)) setAt(recipe, path, value);
  return { recipe, spec: template.recipe_override_parameters };
}
