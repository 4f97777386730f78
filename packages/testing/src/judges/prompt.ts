/** What a judge model reads out of a rendered prompt. */

/**
 * The reply id that the prompt asks for. The last one counts: a candidate cannot move it. Empty where it names none.
 */
export function markerOf(prompt: string): string {
  return [...prompt.matchAll(/reply id is (\w+)/g)].at(-1)?.[1] ?? '';
}

/**
 * The text between two tags.
 *
 * @throws where the prompt has no such section.
 */
export function sectionOf(prompt: string, tag: string): string {
  const section = prompt.split(`<${tag}>\n`)[1]?.split(`\n</${tag}>`)[0];
  if (section === undefined) throw new Error(`no <${tag}> in the prompt: ${prompt.slice(0, 200)}`);
  return section;
}

/** Candidates of a group's prompt, by the order they are shown in. */
export function candidatesIn(prompt: string): { id: string; text: string }[] {
  return [...prompt.matchAll(/<candidate id="(\w+)">\n(.*?)\n<\/candidate>/gs)].map(([, id, text]) => ({
    id: id!,
    text: text!,
  }));
}
