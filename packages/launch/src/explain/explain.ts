import { nearest } from '@touchstone/core';
import { ALGORITHMS, configJsonSchema } from '@touchstone/run';
import { findingDescriptions } from '@touchstone/lab';
import { InputError, type JsonValue } from '@touchstone/spec';
import { HERE, meaningHere } from '../aws/recipes/here.js';
import { TARGET_NAMES, TARGETS } from '../aws/recipes/key.js';
import { keyOf, KEYS, SPELLINGS, type KeyName, type OverrideName } from '../aws/recipes/keys.js';
import { describe } from '../aws/recipes/values.js';
import { settingsIn, type Setting } from './settings.js';

/** What a name means, here and on Amazon Nova. */
export interface Explanation {
  name: string;
  kind: 'setting' | 'finding' | 'algorithm' | 'aws';
  about: string;
  /** What it does where the engine of this package trains. */
  here: string;
  /** What it does on Nova. */
  nova: string;
}

/**
 * Explains settings by their places or last words, findings about a judge, algorithms, and keys of AWS by any of their names.
 *
 * @param names none: everything there is.
 * @throws {InputError} nothing is called so, with what was perhaps meant.
 */
export function explain(names: readonly string[]): Explanation[] {
  const settings = settingsIn(configJsonSchema());
  const listed = shown(settings);
  // Of a judge without criteria of its own; with them some have the name of each behind a dot.
  const findings = new Map(findingDescriptions([]).map((finding) => [finding.name, finding]));
  const asked =
    names.length > 0 ? names : [...listed, ...findings.keys(), ...algorithmNames(), ...overrideNames()];
  const explainOne = (name: string): Explanation[] => {
    const key = keyOf(name);
    const exact = name.includes('.') ? settings.get(name) : undefined;
    const named = exact
      ? [exact]
      : listed.filter((path) => lastOf(path) === name).map((path) => settings.get(path)!);
    const finding = findings.get(name);
    return [
      ...named.map(settingExplained),
      ...(finding === undefined ? [] : [findingExplained(finding)]),
      ...ALGORITHMS.filter((one) => one.name === name).map(algorithmExplained),
      ...(key === undefined ? [] : [keyExplained(name, key)]),
    ];
  };
  const found = asked.map((name) => ({ name, explanations: explainOne(name) }));
  const unknown = found.filter(({ explanations }) => explanations.length === 0);
  if (unknown.length > 0) {
    const known = [...listed, ...listed.map(lastOf), ...findings.keys(), ...algorithmNames(), ...SPELLINGS];
    throw new InputError(
      unknown.map(({ name }) => {
        const meant = nearest(name, [...new Set(known)]);
        const hint = meant === undefined ? 'touchstone explain lists all' : `did you mean "${meant}"?`;
        return { message: `there is no setting, finding, algorithm or key of AWS called "${name}": ${hint}` };
      }),
    );
  }
  return found.flatMap(({ explanations }) => explanations);
}

/** Found by their last words, and listed. A second judge's settings are those of the first, and a panel's judge has them all. */
const shown = (settings: ReadonlyMap<string, Setting>): string[] =>
  [...settings.keys()].filter((path) => !isRepeated(path, settings));

function isRepeated(path: string, settings: ReadonlyMap<string, Setting>): boolean {
  const about = settings.get(path)!.about;
  const originals = [
    path.replace(/^heldout_judge\b/, 'judge'),
    path.replace(/^(judge|heldout_judge)\.(judges|first|second)\./, 'judge.'),
  ];
  return originals.some((one) => one !== path && settings.get(one)?.about === about);
}

const lastOf = (path: string): string => path.split('.').at(-1)!;
const algorithmNames = (): string[] => ALGORITHMS.map(({ name }) => name);
const overrideNames = (): OverrideName[] => Object.keys(HERE) as OverrideName[];

function settingExplained(setting: Setting): Explanation {
  const { path, about } = setting;
  const keys = overrideNames().filter((name) => HERE[name].setting === path);
  const nova = keys.map((key) => `${key}: ${onNova(key)}`).join(' ');
  const trained = path.startsWith('training.') || path.startsWith('policy.');
  const otherwise = trained
    ? 'Nova has no such key; the plan of a run there says what becomes of it.'
    : 'The same: it is not the trainer that reads it.';
  return {
    name: path,
    kind: 'setting',
    about,
    here: settingText(setting),
    nova: nova === '' ? otherwise : nova,
  };
}

/** Values, defaults, and which algorithms have it. */
function settingText({ values, defaults, algorithms }: Setting): string {
  const distinct = new Map<string, string[]>();
  for (const [algorithm, value] of defaults) {
    const text = JSON.stringify(value);
    distinct.set(text, [...(distinct.get(text) ?? []), algorithm]);
  }
  const all = ALGORITHMS.length;
  const said = [...distinct].map(([text, of]) =>
    distinct.size === 1 || of[0] === '' ? text : `${text} (${of.join(', ')})`,
  );
  return [
    ...(values.length > 0 ? [`One of ${values.map((value) => JSON.stringify(value)).join(', ')}.`] : []),
    ...(said.length > 0 ? [`Default: ${said.join(', ')}.`] : ['Without a default.']),
    ...(algorithms.length > 0 && algorithms.length < all ? [`Only with ${algorithms.join(', ')}.`] : []),
  ].join(' ');
}

const findingExplained = ({ name, description }: { name: string; description: string }): Explanation => ({
  name,
  kind: 'finding',
  about: description,
  here: `"touchstone judge" measures it; gate.${name} bounds it. docs/judge-findings.md has its default bound.`,
  nova: 'The same: it is not the trainer that reads it.',
});

const algorithmExplained = ({ name, description, settings }: (typeof ALGORITHMS)[number]): Explanation => {
  const own = Object.keys(settings);
  return {
    name,
    kind: 'algorithm',
    about: description,
    here: `training.algorithm: ${name}${own.length > 0 ? `, with ${own.join(', ')}` : ''}. docs/algorithms.md has its formula.`,
    nova:
      name === ALGORITHMS[0].name
        ? 'RLVR, of which AWS does not say how it weighs tokens.'
        : 'Not to be had there.',
  };
};

function keyExplained(spelling: string, key: KeyName): Explanation {
  const { about, note } = KEYS[key];
  const name = spelling === key ? key : `${spelling} (${key})`;
  const nova = [onNova(key), ...(note ? [`${note}.`] : [])].join(' ');
  if (KEYS[key].from) return { name, kind: 'aws', about, here: 'The job gives it: nothing is set.', nova };
  const { setting, only, note: why } = meaningHere(key as OverrideName);
  const here = setting
    ? `${setting.path}: ${setting.about}`
    : only
      ? `Always ${only.map((value) => JSON.stringify(value)).join(' or ')}`
      : 'No effect';
  return { name, kind: 'aws', about, here: `${here}${why ? `; ${why}` : ''}.`, nova };
}

/** Where a key is known on Nova, with its default and what it may be. */
function onNova(key: KeyName): string {
  const { type, limits = {}, in: places } = KEYS[key];
  const known = TARGETS.flatMap((target) => {
    const place = places[target];
    if (!place) return [];
    const usual = place.default === undefined ? '' : `, default ${plain(place.default)}`;
    return [`${TARGET_NAMES[target]}: ${place.path}${usual}, ${describe(type, place.limits ?? limits)}`];
  });
  const unknown = TARGETS.filter((target) => !places[target]).map((target) => TARGET_NAMES[target]);
  return [
    ...(known.length > 0 ? [`${known.join('; ')}.`] : []),
    ...(unknown.length > 0 ? [`Ignored by ${unknown.join(', ')}.`] : []),
  ].join(' ');
}

/** A recipe's reference to another key is not its value. */
const plain = (value: JsonValue): string =>
  typeof value === 'string' && value.startsWith('${') ? 'at the end' : JSON.stringify(value);
