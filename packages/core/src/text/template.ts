import { InputError } from '@touchstone/spec';
import { breakThinking } from './thinking.js';

type Part = { literal: string } | { placeholder: string };

/** A prompt with `{{name}}` placeholders, read once and filled many times. */
export interface Template {
  /** Names of the placeholders, each once, in the order they first occur. */
  names: readonly string[];
  /**
   * The text with every placeholder replaced by `valueOf(name)`, in one pass: inserted text is never searched for
   * placeholders.
   */
  fill(valueOf: (name: string) => string): string;
  /** Characters of the filled text before the first placeholder that `varies` says yes to. */
  lengthUntil(varies: (name: string) => boolean, valueOf: (name: string) => string): number;
}

/**
 * Reads a template. `isKnown` says which names may occur.
 *
 * @param what names the template in messages, for example `judge.prompt`.
 * @throws {InputError} for a placeholder that is not known; the message lists `known`.
 */
export function parseTemplate(
  text: string,
  { what, isKnown, known }: { what: string; isKnown: (name: string) => boolean; known: readonly string[] },
): Template {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const placeholder = match[1]!.trim();
    if (!isKnown(placeholder)) {
      const line = text.slice(0, match.index).split('\n').length;
      throw new InputError([
        { message: `${what}, its line ${line}: unknown placeholder ${match[0]}. Known: ${known.join(', ')}` },
      ]);
    }
    parts.push({ literal: text.slice(end, match.index) }, { placeholder });
    end = match.index + match[0].length;
  }
  parts.push({ literal: text.slice(end) });
  const filled = (some: readonly Part[], valueOf: (name: string) => string): string =>
    some.map((part) => ('literal' in part ? part.literal : valueOf(part.placeholder))).join('');
  return {
    names: [...new Set(parts.flatMap((part) => ('placeholder' in part ? [part.placeholder] : [])))],
    fill: (valueOf) => filled(parts, valueOf),
    lengthUntil: (varies, valueOf) => {
      let length = 0;
      for (const part of parts) {
        if ('literal' in part) length += part.literal.length;
        else if (varies(part.placeholder)) break;
        else length += valueOf(part.placeholder).length;
      }
      return length;
    },
  };
}

/**
 * A function that takes from text the power to open or close a tag of `templates`, whose `<` becomes `&lt;`, and to begin
 * or end a judge's thinking. All other text, quotes above all, stays as it is. Linear in the length of its input.
 */
export function tagNeutraliser(templates: readonly string[]): (text: string) => string {
  const tags = new Set(
    templates.flatMap((text) => [...text.matchAll(/<\/?([A-Za-z][\w-]*)/g)].map((match) => match[1]!)),
  );
  if (tags.size === 0) return breakThinking;
  const opening = new RegExp(`<(?=\\s*(?:/\\s*)?(?:${[...tags].join('|')})(?![\\w-]))`, 'gi');
  // Most texts have no tag at all, and are long.
  return (text) => breakThinking(text.includes('<') ? text.replace(opening, '&lt;') : text);
}
