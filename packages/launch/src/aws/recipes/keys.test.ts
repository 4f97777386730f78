import type { JsonValue } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { flat, noRecipes, published, publicRecipe, standIn } from './hub.testing.js';
import { TARGETS, type Tuning } from './key.js';
import { KEY_NAMES, KEYS, keyOf, SPELLINGS } from './keys.js';
import { isWithin, placeOf } from './values.js';

describe('the table of keys', () => {
  it('has each name and each path once, and defaults within their limits', () => {
    const spellings = KEY_NAMES.flatMap((name) => [name, ...(KEYS[name].also ?? [])]);
    expect(new Set(spellings).size).toBe(spellings.length);
    for (const spelling of SPELLINGS) expect(keyOf(spelling)).toBeDefined();
    for (const target of TARGETS) {
      const places = KEY_NAMES.flatMap((name) => KEYS[name].in[target] ?? []);
      expect(new Set(places.map(({ path }) => path)).size).toBe(places.length);
    }
    for (const name of KEY_NAMES) {
      for (const target of TARGETS) {
        const place = KEYS[name].in[target];
        const limits = place?.limits ?? KEYS[name].limits ?? place?.hub;
        if (place?.default === undefined || !limits || typeof place.default === 'string') continue;
        expect([name, target, isWithin(limits, place.default)]).toEqual([name, target, true]);
      }
    }
  });

  const tunings: Tuning[] = ['lora', 'full'];
  const recipes = (['hyperpod', 'training-job'] as const).flatMap((target) =>
    tunings.map((tuning) => [target, tuning] as const),
  );

  it.skipIf(noRecipes !== '').each(recipes)(
    `is that of the public recipes: %s, %s${noRecipes && ` (skipped: ${noRecipes})`}`,
    (target, tuning) => {
      const { recipe, spec } = published(target, tuning);
      const stand = standIn(target, tuning);
      // What a job gives is no example of anybody's.
      const withoutExamples = (tree: Map<string, JsonValue>) =>
        new Map(
          [...tree].filter(([, value]) => !/^"(arn:|s3:|\$\{oc.select:run)/.test(JSON.stringify(value))),
        );
      expect(withoutExamples(flat(stand.recipe))).toEqual(withoutExamples(flat(recipe)));
      const limits = (one: typeof spec) =>
        new Map(
          Object.entries(one)
            .filter(([name]) => !['namespace', 'max_context_length'].includes(name))
            .map(
              ([name, { type, required, min, max, enum: values }]) =>
                [name, { type, required, min, max, values }] as const,
            ),
        );
      expect(limits(stand.spec)).toEqual(limits(spec));
    },
  );

  it.skipIf(noRecipes !== '').each(recipes)(
    `has the defaults of the public recipes: %s, %s${noRecipes && ` (skipped: ${noRecipes})`}`,
    (target, tuning) => {
      const file = { hyperpod: 'nova_lite_2_0_p5_gpu', 'training-job': 'nova_lite_v2_smtj_p5_p5en_gpu' }[
        target
      ];
      const theirs = flat(
        publicRecipe('fine-tuning', `RFT/${file}${tuning === 'lora' ? '_lora' : ''}_rft.yaml`),
      );
      const own = KEY_NAMES.flatMap((key) => placeOf(key, target, tuning) ?? []);
      const others = own.filter(
        ({ path, default: value }) => value !== undefined && value !== theirs.get(path),
      );
      expect(others).toEqual([]);
    },
  );

  it.skipIf(noRecipes !== '')(
    `is that of the public evaluation${noRecipes && ` (skipped: ${noRecipes})`}`,
    () => {
      const theirs = flat(publicRecipe('evaluation', 'nova_lite_2_0_p5_48xl_gpu_rft_eval.yaml'));
      const places = KEY_NAMES.flatMap((key) => placeOf(key, 'evaluation', 'lora') ?? []);
      expect(places.map(({ path }) => path).sort()).toEqual([...theirs.keys()].sort());
      for (const { path, default: own } of places)
        if (own !== undefined) expect([path, own]).toEqual([path, theirs.get(path)]);
    },
  );
});
