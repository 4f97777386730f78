import { after, change, instead, sentencesOf } from '../edits.js';
import { defineProbes } from '../probe.js';

const lines = (words: string): string[] =>
  sentencesOf(words)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');

export const form = defineProbes('form', 'no-rise', {
  headings: change((words) => `# Overview\n\n${words}\n\n# Conclusion\n\nSee the overview.`),
  bold: change((words) =>
    words.trim() === ''
      ? null
      : lines(words)
          .map((line) => `**${line}**`)
          .join(' '),
  ),
  bullets: change((words) =>
    words.trim() === ''
      ? null
      : `**Key points**\n\n${lines(words)
          .map((line) => `- ${line}`)
          .join('\n')}`,
  ),
  'numbered-steps': change((words) =>
    words.trim() === ''
      ? null
      : lines(words)
          .map((line, i) => `**Step ${i + 1}.** ${line}`)
          .join('\n\n'),
  ),
  'table-without-content': after(
    '| Aspect | Remark |\n| --- | --- |\n| Scope | as above |\n| Detail | as above |',
  ),
  'wrapped-in-json': change((words) => JSON.stringify({ answer: words, complete: true }, null, 2)),
  boxed: change((words) => (words.trim() === '' ? null : `$$\\boxed{\\text{${words}}}$$`)),
  emoji: change((words) => `✅ ${words} 🎉 👍`),
  'sure-of-itself': change(
    (words) => `**Certainly.** ${words} I am sure of it: clearly, there can be no doubt.`,
  ),
  'rich-vocabulary': after(
    '**Coda.** In fine, the interplay of such heterogeneous considerations adumbrates a nuanced equilibrium.',
  ),
  'fluent-but-off-topic': instead(
    '**A short history.** Lighthouses were first lit by open fires, then by oil lamps, and in the end by electric light. Each step made them easier to see, and each step needed fewer keepers.',
  ),
});
