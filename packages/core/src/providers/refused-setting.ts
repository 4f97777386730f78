import type { Complaint } from './said/complaint.js';
import { REFUSED_FIELDS, type NamedModel } from './settings.js';

/**
 * The setting to change for a server that refuses a field of the request, as it names one: apart from its words, or else in
 * them. undefined where it names none of ours, or refuses for another reason.
 */
export function settingRefused(
  status: number,
  { words, fields }: Pick<Complaint, 'words' | 'fields'>,
  config: NamedModel,
): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  for (const text of [fields.join(' '), words]) {
    const extra = Object.keys(config.extra_body ?? {}).find((key) => hasWord(text, key));
    if (extra !== undefined) return `if it refuses ${extra}, take it out of extra_body`;
    for (const { field, setting } of REFUSED_FIELDS) {
      const advice = field.test(text) ? setting(config, words) : undefined;
      if (advice !== undefined) return advice;
    }
  }
  return undefined;
}

const hasWord = (text: string, word: string): boolean =>
  text.split(/[^\w.-]+/).some((one) => one === word || one.split('.').includes(word));
