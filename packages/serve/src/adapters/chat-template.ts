import { roleOf } from '../scoring/turns.js';

/*
 * Trainers that decode tokens with their special tokens send prompts and answers as the model sees them. The markers are
 * those of the published chat templates of ChatML (Qwen and others), Llama 3, Gemma, Phi, GLM, DeepSeek, Mistral and
 * gpt-oss.
 */

/** Where a turn begins; the group, if any, is its role. */
const TURN_START = new RegExp(
  [
    String.raw`<\|im_start\|>(\w+)\n?`,
    String.raw`<\|start_header_id\|>(\w+)<\|end_header_id\|>\n{0,2}`,
    String.raw`<start_of_turn>(\w+)\n?`,
    String.raw`<\|start\|>(\w+)(?:<\|channel\|>\w+)?(?:<\|message\|>)?`,
    String.raw`<\|(system|user|assistant|observation)\|>\n?`,
    String.raw`<｜(User|Assistant)｜>`,
    String.raw`\[(INST)\] ?`,
    String.raw`\[(/INST)\] ?`,
  ].join('|'),
  'g',
);

/** What ends a turn or a text, or fills a batch up. */
const ENDINGS = [
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|end_of_text|>',
  '<|finetune_right_pad_id|>',
  '<|end|>',
  '<|return|>',
  '<|user|>',
  '<|observation|>',
  '<end_of_turn>',
  '<eos>',
  '<pad>',
  '</s>',
  '<unk>',
  '<｜end▁of▁sentence｜>',
  '<｜▁pad▁｜>',
];
/** What a text may begin with. */
const BEGINNINGS = [
  '<|begin_of_text|>',
  '<bos>',
  '<s>',
  '[gMASK]',
  '<sop>',
  '<｜begin▁of▁sentence｜>',
  ...ENDINGS,
];

/** What the templates write in place of a role's name. */
const ROLES = new Map([
  ['inst', 'user'],
  ['/inst', 'assistant'],
]);

/** A prompt that a chat template has rendered. */
export interface RenderedPrompt {
  turns: { role: string; content: string }[];
  /** What the answer was begun with for the model, such as `<think>` and a line end. */
  prefill: string;
  /** It has markers of a template. */
  isRendered: boolean;
}

/**
 * The turns of a prompt that a chat template has rendered, without the turn at its end that asks for the answer: what
 * that turn holds already is the beginning of the answer. A text without such markers is one user turn. What stands
 * before the first turn is a system turn.
 */
export function parsePrompt(prompt: string): RenderedPrompt {
  const starts = [...prompt.matchAll(TURN_START)].flatMap((match) => {
    const name = (match.slice(1).find((group) => group !== undefined) ?? '').toLowerCase();
    const role = ROLES.get(name) ?? name;
    if (roleOf({ role }) === undefined) return [];
    return [{ role, at: match.index, end: match.index + match[0].length }];
  });
  const [first] = starts;
  if (first === undefined) {
    return { turns: [{ role: 'user', content: stripBeginning(prompt) }], prefill: '', isRendered: false };
  }
  const turns = starts.map(({ role, end }, i) => ({ role, content: prompt.slice(end, starts[i + 1]?.at) }));
  const last = turns.at(-1)!;
  const isBegun = roleOf(last) === 'assistant' && !stripEnding(last.content).ended;
  if (isBegun) turns.pop();
  const before = stripBeginning(prompt.slice(0, first.at)).trim();
  return {
    turns: [
      ...(before === '' ? [] : [{ role: 'system', content: before }]),
      ...turns.map(({ role, content }) => ({ role, content: stripEnding(content).text.trim() })),
    ],
    prefill: isBegun && last.content.trim() !== '' ? last.content : '',
    isRendered: true,
  };
}

/** The answer without the tokens that end it; `ended` is false where there is none: it was cut, or they were not sent. */
export function stripEnding(text: string): { text: string; ended: boolean } {
  let end = text.trimEnd();
  let ended = false;
  for (;;) {
    const marker = ENDINGS.find((one) => end.endsWith(one));
    if (marker === undefined) return ended ? { text: end, ended } : { text, ended };
    end = end.slice(0, -marker.length).trimEnd();
    ended = true;
  }
}

/**
 * What follows the prompt in `query`, the whole text. The prompt may be missing its beginning there, because a trainer
 * cuts long prompts from the left, and fill tokens may stand before it.
 *
 * @returns undefined when `query` does not begin with the prompt or an end of it.
 */
export function afterPrompt(query: string, prompt: string): string | undefined {
  if (query.startsWith(prompt)) return query.slice(prompt.length);
  const bare = stripBeginning(query);
  const barePrompt = stripBeginning(prompt);
  if (bare.startsWith(barePrompt)) return bare.slice(barePrompt.length);
  const kept = overlap(prompt, query);
  return kept >= MIN_OVERLAP ? query.slice(kept) : undefined;
}

/** An agreement of fewer characters may be chance. */
const MIN_OVERLAP = 32;

/** Length of the longest end of `left` that `right` begins with (Knuth, Morris and Pratt 1977; linear time). */
function overlap(left: string, right: string): number {
  const border = new Int32Array(right.length);
  const extend = (matched: number, character: string | undefined): number => {
    let length = matched;
    while (length > 0 && (length === right.length || right[length] !== character))
      length = border[length - 1]!;
    return right[length] === character ? length + 1 : length;
  };
  for (let i = 1; i < right.length; i++) border[i] = extend(border[i - 1]!, right[i]);
  let matched = 0;
  for (let i = Math.max(0, left.length - right.length); i < left.length; i++)
    matched = extend(matched, left[i]);
  return matched;
}

function stripBeginning(text: string): string {
  let rest = text;
  for (;;) {
    const marker = BEGINNINGS.find((one) => rest.startsWith(one));
    if (marker === undefined) return rest;
    rest = rest.slice(marker.length);
  }
}
