import type { ModelRequest } from '@touchstone/spec';

/** What a judge's prompt shows and asks for, read as a model has to read it. */
export interface Shown {
  /** Texts by their tag, such as `candidate` or `reference`. What is judged cannot open or close a tag. */
  sections: Record<string, string>;
  /** In the order that is asked for, each with the number of steps of its scale; none where two answers are compared. */
  criteria: { name: string; min: number; steps: number; isBoolean: boolean }[];
  /** The reply id. */
  marker: string;
}

/** Reads Touchstone's own prompts. What is judged comes last but for the marker, so the last marker counts. */
export function readPrompt({ messages }: ModelRequest): Shown {
  const text = messages.map(({ content }) => content).join('\n');
  const sections = [...text.matchAll(/<(\w+)>\n([^]*?)\n<\/\1>/g)].map(([, tag, inner]) => [tag!, inner!]);
  const criteria = [
    ...text.matchAll(/\{"criterion":"([^"]+)","evidence":"\.\.\.","reason":"\.\.\.","score":([^}]+)\}/g),
  ];
  return {
    sections: Object.fromEntries(sections) as Shown['sections'],
    criteria: criteria.map(([, name, scale]) => {
      const values = scale!.split('|').map(Number);
      const isBoolean = scale === 'true or false';
      return {
        name: name!,
        isBoolean,
        min: isBoolean ? 0 : values[0]!,
        steps: isBoolean ? 1 : values.length - 1,
      };
    }),
    marker: [...text.matchAll(/reply id is (\w+)/g)].at(-1)?.[1] ?? '',
  };
}
