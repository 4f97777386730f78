import { InputError } from '@touchstone/spec';
import { breakControlTokens, withoutUnseen } from './control-tokens.js';
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
 * @param join puts what is filled in after what stands before it, and what follows after that; by default as they are.
 * @throws {InputError} for a placeholder that is not known; the message lists `known`.
 */
export function parseTemplate(
  text: string,
  {
    what,
    isKnown,
    known,
    join = (left, right) => left + right,
  }: {
    what: string;
    isKnown: (name: string) => boolean;
    known: readonly string[];
    join?: ((left: string, right: string) => string) | undefined;
  },
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
    some.reduce((text, part) => join(text, 'literal' in part ? part.literal : valueOf(part.placeholder)), '');
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
 * A function that takes from text the power to pass for a part of the prompt: control tokens are broken (see
 * `breakControlTokens`), so is what begins or ends a judge's thinking, and the `<` of what opens or closes a tag of
 * `templates` becomes `&lt;`, whatever unseen characters stand in it. All other text, quotes above all, stays as it is.
 * Linear in the length of its input.
 */
export function neutraliser(templates: readonly string[]): (text: string) => string {
  const tags = new Set(
    templates.flatMap((text) => [...text.matchAll(/<\/?([A-Za-z][\w-]*)/g)].map((match) => match[1]!)),
  );
  const opening =
    tags.size > 0 && new RegExp(`<(?=\\s*(?:/\\s*)?(?:${[...tags].join('|')})(?![\\w-]))`, 'gi');
  return (text) => {
    const broken = breakControlTokens(text).text;
    const seen = withoutUnseen(broken);
    const unthinking = breakThinking(seen);
    // Most texts have no tag at all, and are long.
    const safe = opening && seen.includes('<') ? unthinking.replace(opening, '&lt;') : unthinking;
    return safe === seen ? broken : safe;
  };
}
