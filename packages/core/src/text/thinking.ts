/** Tags of thinking: DeepSeek, Qwen, GLM, MiniMax and many more; Exaone; Seed; LongCat; what prompts ask models to write. */
const TAGS =
  'think|thinking|thought|thoughts|thought_process|reasoning|reflection|scratchpad|analysis|seed:think|longcat_think';
/** Other pairs of marks, in small letters. */
const PAIRS = [
  ['[think]', '[/think]'], // Magistral
  ['◁think▷', '◁/think▷'], // Kimi
  ['<|begin_of_thought|>', '<|end_of_thought|>'], // Sky-T1, OpenThinker
  ['<|start_thinking|>', '<|end_thinking|>'], // Command A
  ['<|inner_prefix|>', '<|inner_suffix|>'], // Apertus
  ['<|think|>', '<|/think|>'],
  ['<|channel>thought', '<channel|>'], // Gemma 4
  ['<unused94>', '<unused95>'], // MedGemma
  ['[unused16]', '[unused17]'], // openPangu
] as const;
/**
 * How models write that they think before they answer: what opens a thought and what ends it. What providers give apart
 * (`reasoning_content`, parts of the type `thinking`) never reaches a text.
 */
const FORMATS = [...TAGS.split('|').map((tag) => [`<${tag}>`, `</${tag}>`] as const), ...PAIRS];
const KNOWN = new Map<string, Pick<Mark, 'format' | 'opens'>>(
  FORMATS.flatMap(([open, close], format) => [
    [open, { format, opens: true }],
    [close, { format, opens: false }],
  ]),
);
/** A message of OpenAI's Harmony format: `final` is the answer, every other channel is none. */
const HARMONY = '<\\|channel\\|>\\s{0,4}(\\w+)[^<]{0,200}(?:<\\|constrain\\|>[^<]{0,60})?<\\|message\\|>';
const MARK = new RegExp(
  [`</?(?:${TAGS})\\s{0,4}>`, ...PAIRS.flat().map((mark) => mark.replace(/[|[\]]/g, '\\$&')), HARMONY].join(
    '|',
  ),
  'gi',
);
/** Formats in prose: known at the very start of a text only. */
const PROSE: readonly { open: RegExp; close: RegExp }[] = [
  // Granite 3.2
  { open: /^\s*here(?:['’]s| is) my thought process:/i, close: /here(?:['’]s| is) my response:/i },
  // Harmony without its special tokens
  { open: /^\s*analysis(?=\p{Lu})/u, close: /assistantfinal/ },
];
/** What may stand before a thought that begins a text. */
const LEAD = /^(?:\s|<\|start\|>assistant|<\|im_start\|>assistant)*$/;
/** What some formats put around the answer that follows. */
const WRAPS = [
  ['<answer>', '</answer>'],
  ['<response>', '</response>'],
  ['<|begin_of_solution|>', '<|end_of_solution|>'],
  ['<|start_response|>', '<|end_response|>'],
] as const;
const ENDS = ['<|return|>', '<|end|>', '<|im_end|>', '<|eot_id|>', '<|end_of_turn_token|>'];

interface Mark {
  start: number;
  end: number;
  /** Place in `FORMATS`; −1 for Harmony. */
  format: number;
  opens: boolean;
}

/** Every mark of thinking in the text, in order. Linear in its length. */
function marksIn(text: string): Mark[] {
  return [...text.matchAll(MARK)].map((match) => {
    const [whole, channel] = match;
    const place = { start: match.index, end: match.index + whole.length };
    if (channel !== undefined) return { ...place, format: -1, opens: channel.toLowerCase() !== 'final' };
    return { ...place, ...KNOWN.get(whole.toLowerCase().replace(/\s+/g, ''))! };
  });
}

/** Place of the mark that ends the thought which the mark at `at` opens; −1 where none does. */
function endOf(marks: readonly Mark[], at: number): number {
  for (let i = at + 1; i < marks.length; i++)
    if (!marks[i]!.opens && marks[i]!.format === marks[at]!.format) return i;
  return -1;
}

/**
 * What follows the thinking that a text begins with: its first end counts, as it does for the servers that take thinking
 * off. Only an end means that a template had opened the thought. A text without thinking is given as it is.
 *
 * @returns undefined where the thinking has no end.
 */
export function afterThinking(text: string): string | undefined {
  const prose = PROSE.find(({ open }) => open.test(text));
  if (prose) {
    const close = prose.close.exec(text);
    return close ? unwrapped(text.slice(close.index + close[0].length)) : undefined;
  }
  const marks = marksIn(text);
  let end = 0;
  let at = 0;
  for (let mark = marks[0]; mark !== undefined; mark = marks[at]) {
    if (!mark.opens && at > 0) break;
    if (mark.opens && !LEAD.test(text.slice(end, mark.start))) break;
    const close = mark.opens ? endOf(marks, at) : at;
    if (close < 0) return undefined;
    end = marks[close]!.end;
    at = close + 1;
  }
  return end === 0 ? text : unwrapped(text.slice(end));
}

function unwrapped(text: string): string {
  let answer = text.trim();
  for (let end = endingOf(answer); end !== undefined; end = endingOf(answer))
    answer = answer.slice(0, -end.length).trimEnd();
  const small = answer.toLowerCase();
  for (const [open, close] of WRAPS) {
    const last = answer.length - close.length;
    if (small.startsWith(open) && small.indexOf(close) === last && last >= open.length)
      return answer.slice(open.length, last).trim();
  }
  return answer;
}

function endingOf(text: string): string | undefined {
  return ENDS.find((end) => text.slice(-end.length).toLowerCase() === end);
}

/** What a text whose thinking never ends says, for people. */
export const ENDLESS = 'the thinking has no end';

/**
 * What a reply says outside of its thinking. Stricter than `afterThinking`: whoever wrote the answer that is judged wants
 * a mark of thinking in the reply to be read as one. So an end that ends nothing means that nothing can be told.
 *
 * @returns what is said before, between and after thoughts, without what is blank.
 */
function spoken(text: string): { parts: string[] } | { problem: string } {
  const reply = afterThinking(text);
  if (reply === undefined) return { problem: ENDLESS };
  const marks = marksIn(reply);
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < marks.length;) {
    if (!marks[at]!.opens) return { problem: 'an end of thinking stands in the reply itself' };
    const close = endOf(marks, at);
    if (close < 0) return { problem: ENDLESS };
    parts.push(reply.slice(from, marks[at]!.start));
    from = marks[close]!.end;
    at = close + 1;
  }
  parts.push(unwrapped(reply.slice(from)));
  return { parts: parts.filter((part) => part.trim() !== '') };
}

/**
 * Reads a reply outside of its thinking. What follows the last thought counts, unless what stands before it says
 * something else.
 */
export function readSpoken<T extends object>(
  text: string,
  read: (said: string) => T | { problem: string },
): T | { problem: string } {
  const found = spoken(text);
  if ('problem' in found) return found;
  const values = found.parts.map(read);
  const last = values.at(-1) ?? read('');
  if ('problem' in last) return last;
  const isOther = (value: object): boolean =>
    !('problem' in value) && JSON.stringify(value) !== JSON.stringify(last);
  return values.some(isOther)
    ? { problem: 'the reply says one thing before a thought and another after it' }
    : last;
}

/**
 * The part of a text in which a piece of it stands, `start` to `end`, between marks of thinking.
 *
 * @returns where that part starts, or why the piece is a draft: it stands inside a thought, or thinking goes on after it.
 *   Marks inside of the piece do not count.
 */
export function partAround(
  text: string,
  { start, end }: { start: number; end: number },
): { from: number } | { problem: string } {
  const before = text.slice(0, start);
  const prose = PROSE.find(({ open }) => open.test(before));
  if (prose && !prose.close.test(before)) return { problem: 'it stands inside the thinking' };
  let open: Mark | undefined;
  const marks = marksIn(before);
  for (const mark of marks) {
    if (open === undefined) open = mark.opens ? mark : undefined;
    else if (!mark.opens && mark.format === open.format) open = undefined;
  }
  if (open) return { problem: 'it stands inside the thinking' };
  if (marksIn(text.slice(end)).length > 0) return { problem: 'thinking follows it' };
  return { from: marks.at(-1)?.end ?? 0 };
}

/** The text with every mark of thinking broken by a space: whoever repeats it does not think, nor stop thinking. */
export function breakThinking(text: string): string {
  return text.replace(MARK, (mark) => `${mark[0]} ${mark.slice(1)}`);
}

/** The mark with which a prompt opens the thinking that the model then goes on with; empty where it does not. */
export function openedThought(prompt: string): string {
  const last = marksIn(prompt).at(-1);
  return last?.opens && prompt.slice(last.end).trim() === '' ? prompt.slice(last.start) : '';
}
