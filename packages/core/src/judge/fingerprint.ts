import type { JsonValue, LanguageModel } from '@touchstone/spec';
import { sha256 } from './marker.js';

/**
 * Settings of a judge that change no verdict: which model it is (its identity stands in their place), and how, how fast and
 * at what price its calls are made. Every other setting counts, so that a new one is never forgotten.
 */
export const CHANGES_NO_VERDICT: ReadonlySet<string> = new Set([
  'model',
  'base_url',
  'structured_output',
  'api_key_env',
  'prompt_cache',
  'price',
  'requests_per_minute',
  'tokens_per_minute',
  'concurrency',
  'timeout_seconds',
  'attempts',
  'outage_seconds',
  'hedge',
  'budget',
  'cache',
]);

/** What decides a verdict besides the settings. */
interface Besides {
  /** What makes the model this one; absent where judges are put together. */
  model?: LanguageModel;
  /** The models of `fallbacks`, in their order: they may answer in place of the judge's own. */
  fallbacks?: readonly LanguageModel[];
  /** The prompt's templates with the defaults filled in, the reply's schema, the parser's version: whatever is ours. */
  ours?: unknown;
  /** Fingerprints of the judges that this one asks, with their names: in the place of their settings. */
  members?: readonly unknown[];
}

/**
 * 16 hexadecimal digits over everything that decides a verdict. A setting that is absent leaves no trace: a judge that does
 * not use a new optional setting keeps its fingerprint, and the replies that were paid for under it.
 */
export function fingerprintOf(
  config: object,
  { model, fallbacks: standIns = [], ours, members }: Besides,
): string {
  const { fallbacks: asked = [], ...own } = config as { fallbacks?: object[] };
  const fallbacks = asked.map((one, i) => ({ ...settingsOf(one), identity: identityOf(standIns[i]!) }));
  const whole = {
    ...settingsOf(own),
    fallbacks: fallbacks.length === 0 ? undefined : fallbacks,
    identity: model && identityOf(model),
    ours,
    members,
  };
  return sha256(canonical(whole)).slice(0, 16);
}

function settingsOf(config: object): object {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !CHANGES_NO_VERDICT.has(key)));
}

/** What makes a model this one. Of a local model it is the weights: the same ones are the same judge in every folder. */
function identityOf({ id, version, structuredOutput }: LanguageModel): readonly unknown[] {
  return [id.startsWith('local:') ? 'local' : id, version, structuredOutput];
}

/** JSON with the keys of every object in order: the order in which settings are written says nothing. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: JsonValue) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
