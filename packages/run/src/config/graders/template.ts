/** What a conversion meets that Touchstone cannot do; the message says what to do instead. */
export class Unsupported extends Error {}

/** Fields of a data line that become parts of the task of their own. */
const PARTS: Record<string, string> = {
  reference_answer: 'reference',
  prompt: 'prompt',
};
const HIDDEN: Record<string, string> = {
  truth: 'Touchstone never shows "truth" to a judge or a check; rename the field in the data',
  messages: 'a template can show the last user message only, as {{prompt}}',
  id: 'the id of a task is no part of what is judged',
};

/**
 * A template of an OpenAI grader in the words of Touchstone: `{{item.x}}` is `{{metadata.x}}`, `{{sample.output_text}}` is
 * `{{response}}`, `{{sample.output_json.x}}` is `{{response.x}}`.
 *
 * @throws {Unsupported} for what has no counterpart: tools, filters, other members of the sample.
 */
export function convertTemplate(text: string): string {
  return text.replace(
    /\{\{([^{}]*)\}\}/g,
    (whole, inside: string) => `{{${convertPath(inside.trim(), whole)}}}`,
  );
}

function convertPath(path: string, whole: string): string {
  const steps = path.replace(/\[(?:(\d+)|'([^'\]]+)'|"([^"\]]+)")\]/g, '.$1$2$3').split('.');
  if (steps.some((step) => !/^[\w -]+$/.test(step) || step.trim() !== step)) {
    throw new Unsupported(
      `${whole}: expected a plain path such as {{item.answer}}; filters and calls are not known`,
    );
  }
  const [root, name, ...rest] = steps;
  if (root === 'item' && name !== undefined) {
    if (Object.hasOwn(HIDDEN, name)) throw new Unsupported(`${whole}: ${HIDDEN[name]}`);
    if (Object.hasOwn(PARTS, name)) return [PARTS[name], ...rest].join('.');
    // Members of "metadata" in a line are the task's own metadata.
    return name === 'metadata' && rest.length > 0
      ? ['metadata', ...rest].join('.')
      : ['metadata', name, ...rest].join('.');
  }
  if (root === 'sample' && name === 'output_text' && rest.length === 0) return 'response';
  if (root === 'sample' && name === 'output_json')
    return rest.length === 0 ? 'response_json' : ['response', ...rest].join('.');
  throw new Unsupported(
    `${whole}: expected item.FIELD, sample.output_text or sample.output_json; answers of Touchstone are text`,
  );
}
