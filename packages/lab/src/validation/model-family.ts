/** Names by which makers call their models; what makes two names one family is what they are trained from. */
const FAMILIES: readonly (readonly [family: string, name: RegExp])[] = [
  ['Claude', /claude/],
  ['GPT', /\bgpt|\bo[134]\b|davinci/],
  ['Gemini', /gemini|gemma/],
  ['Llama', /llama/],
  ['Qwen', /qwen|qwq/],
  ['Mistral', /mistral|mixtral|ministral|magistral/],
  ['Nova', /\bnova\b/],
  ['DeepSeek', /deepseek/],
  ['Phi', /\bphi\b/],
  ['Command', /\bcommand\b/],
  ['Grok', /\bgrok\b/],
  ['SmolLM', /smollm/],
];

/** The family of a model, by its name; undefined where the name does not say. A model that was distilled has both names: the first counts. */
export function familyOf(model: string): string | undefined {
  const name = model.toLowerCase().replaceAll('_', '-');
  return FAMILIES.find(([, pattern]) => pattern.test(name))?.[0];
}

/** Who is who: the models of the judge, of the held-out judge, and the one that is trained. */
export interface Models {
  judge: readonly string[];
  heldout: readonly string[];
  policy: readonly string[];
}

/**
 * Judges of one family share their errors and their taste: a held-out judge of the judge's family notices less, and a judge of the
 * policy's family may like its own.
 *
 * @returns a sentence for each two that share a family.
 */
export function familyWarnings({ judge, heldout, policy }: Models): string[] {
  const shared = (a: readonly string[], b: readonly string[]): string | undefined => {
    const families = new Set(a.flatMap((model) => familyOf(model) ?? []));
    return b.flatMap((model) => familyOf(model) ?? []).find((family) => families.has(family));
  };
  const warnings: [string | undefined, string][] = [
    [
      shared(judge, heldout),
      'the judge and the held-out judge are of one family of models: they may err alike',
    ],
    [shared(judge, policy), 'the judge and the policy are of one family of models: it may prefer its own'],
    [
      shared(heldout, policy),
      'the held-out judge and the policy are of one family of models: it may prefer its own',
    ],
  ];
  return warnings.flatMap(([family, text]) => (family === undefined ? [] : [`${text} (${family})`]));
}
