import { InputError, type JsonObject, type JsonValue } from '@touchstone/spec';
import { describe, expect, it } from 'vitest';
import { cases, type Case } from './cases.testing.js';
import { DIFFERENCES, type Difference, type Refusal, type Sdk } from './differences.testing.js';
import { flat } from './hub.testing.js';
import { bedrockHyperparameters, serverlessHyperparameters } from './hyperparameters.js';
import { KEY_NAMES, keyOf, KEYS } from './keys.js';
import { novaRecipe } from './recipe.js';
import { placeOf } from './values.js';
import { askSdks, noSdks, type Answer } from './sdk.testing.js';

function ours({ target, overrides, name, ...one }: Case): Answer {
  try {
    if (target === 'bedrock') return { made: bedrockHyperparameters(overrides).hyperParameters };
    if (target === 'serverless') return { made: serverlessHyperparameters(name, overrides).hyperParameters };
    const purpose = target === 'evaluation' ? 'evaluation' : 'training';
    return { made: novaRecipe({ ...one, name, overrides, purpose }).recipe };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refused: error.message };
  }
}

/** `"64.0"` and `64` are the same, and so are `"True"` and true. */
const plain = (value: JsonValue | undefined): JsonValue | undefined => {
  if (typeof value !== 'string') return value;
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  return value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
};

const HUB_NAMES = new Map(
  KEY_NAMES.flatMap((key) =>
    Object.values(KEYS[key].in).flatMap(({ hub }) => (hub ? [[hub.name, key] as const] : [])),
  ),
);

/** @param text a line for each; the key is the first that is quoted, or that is there. */
function refusals(kind: 'we refuse' | 'they refuse', of: { sdk: Sdk; case: Case }, text: string): Refusal[] {
  return text.split('\n').map((line) => {
    const words = [...line.matchAll(/'(\w+)'/g), ...line.matchAll(/(?<=: )(\w+)(?=\W)/g)];
    const [key] = words.flatMap(([, word]) => HUB_NAMES.get(word!) ?? keyOf(word!) ?? []);
    return { ...of, kind, text: line, key };
  });
}

function differencesOf(sdk: Sdk, one: Case, own: Answer, their: Answer): Difference[] {
  const of = { sdk, case: one };
  const mine = 'refused' in own ? refusals('we refuse', of, own.refused) : [];
  const theirs = 'refused' in their ? refusals('they refuse', of, their.refused) : [];
  if (mine.some(({ key }) => theirs.some((other) => other.key === key))) return [];
  // Past the first thing that is wrong, sagemaker says nothing.
  if (theirs.length > 0 && sdk === 'sagemaker') return theirs;
  if (mine.length + theirs.length > 0) return [...mine, ...theirs];
  const [a, b] = [own, their].map((answer) => flat((answer as { made: JsonObject }).made));
  return [...new Set([...a!.keys(), ...b!.keys()])].flatMap((path): Difference[] => {
    const [here, there] = [plain(a!.get(path)), plain(b!.get(path))];
    return here === there ? [] : [{ ...of, kind: 'value', path, ours: here, theirs: there }];
  });
}

describe(`AWS's Python SDKs${noSdks && ` (skipped: ${noSdks})`}`, () => {
  it.skipIf(noSdks !== '')('make the same of the article and of random sets, but for what is listed', () => {
    const asked = cases(13);
    const answers = askSdks({ cases: asked });
    const differences = asked.flatMap((one, i) => {
      const own = ours(one);
      const { forge, sagemaker } = answers;
      return [
        ...differencesOf('amzn-nova-forge', one, own, forge[i]!),
        ...(sagemaker[i] ? differencesOf('sagemaker', one, own, sagemaker[i]) : []),
      ];
    });
    const counts = new Map(DIFFERENCES.map(({ what }) => [what, 0]));
    const unexplained = differences.filter((difference) => {
      const known = DIFFERENCES.find(({ explains }) => explains(difference));
      if (known) counts.set(known.what, counts.get(known.what)! + 1);
      return !known;
    });
    const both = asked.flatMap((one, i) => {
      const own = ours(one);
      return [answers.forge[i], answers.sagemaker[i]].filter(
        (their) => their && 'made' in own && 'made' in their,
      );
    });
    expect(both.length).toBeGreaterThan(180);
    expect(unexplained).toEqual([]);
    // A difference that is no more is to be taken off the list.
    expect([...counts].filter(([, count]) => count === 0)).toEqual([]);
  });

  it.skipIf(noSdks !== '')(
    'hand over less than sagemaker says, which fills in what has a placeholder',
    () => {
      const asked = cases(13).filter(({ target }) => target === 'hyperpod' || target === 'training-job');
      const lost = askSdks({ cases: asked }).sagemaker.flatMap((answer, i) => {
        if (!answer || 'refused' in answer) return [];
        const [said, sent] = [flat(answer.made), flat(answer.sent!)];
        return [...said].flatMap(([path, value]) =>
          plain(sent.get(path)) === plain(value) ? [] : [{ case: asked[i]!, path }],
        );
      });
      expect(lost.length).toBeGreaterThan(20);
      // lr, alpha and the ratio have placeholders, of other names.
      for (const { case: one, path } of lost) {
        const key = KEY_NAMES.find((name) => placeOf(name, one.target, one.tuning)?.path === path)!;
        const name = path.split('.').pop();
        expect([path, placeOf(key, one.target, one.tuning)?.hub?.name === name]).toEqual([path, false]);
      }
    },
  );
});
