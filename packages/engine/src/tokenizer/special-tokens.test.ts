import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatTokenizer } from './tokenizer.js';

const TEMPLATE =
  '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}</s>{% endfor %}[assistant]';
const BYTES = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<>[]/|_▁ .,!?'];
const MARKS = ['<s>', '</s>', '<unk>', '[user]', '[assistant]', '[system]', '<|call|>'];
const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
const added = (more: object = {}) => MARKS.map((content, id) => ({ id, content, ...flags, ...more }));
const vocab = Object.fromEntries([...MARKS, ...BYTES].map((text, id) => [text, id]));
const rest = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
/** Merges that write `</s>` letter by letter, as some converted vocabularies have. */
const merges = ['< /', '</ s', '</s >', '[ u'];
const bpe = { type: 'BPE', vocab, merges, unk_token: '<unk>' };

const SHAPES: [name: string, json: Record<string, unknown>][] = [
  ['BPE', { ...rest, added_tokens: added(), model: bpe }],
  [
    'BPE that takes whole words first',
    {
      ...rest,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      added_tokens: added(),
      model: { ...bpe, ignore_merges: true },
    },
  ],
  [
    'Unigram',
    {
      ...rest,
      normalizer: { type: 'NFKC' },
      pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first' },
      added_tokens: added(),
      model: { type: 'Unigram', unk_id: 2, vocab: Object.keys(vocab).map((text, i) => [text, -i / 10]) },
    },
  ],
  [
    'WordPiece',
    {
      ...rest,
      pre_tokenizer: { type: 'WhitespaceSplit' },
      added_tokens: added(),
      model: {
        type: 'WordPiece',
        vocab: { ...vocab, ...Object.fromEntries(BYTES.map((text, i) => [`##${text}`, 200 + i])) },
        unk_token: '<unk>',
        continuing_subword_prefix: '##',
      },
    },
  ],
  [
    'tokens that are not called special, and match what a normalizer makes',
    {
      ...rest,
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] },
      added_tokens: added({ special: false, normalized: true, lstrip: true, rstrip: true }),
      model: { ...bpe, ignore_merges: true },
    },
  ],
  [
    'tokens that only tokenizer_config.json names',
    { ...rest, added_tokens: [], model: { ...bpe, ignore_merges: true } },
  ],
];
const config = {
  bos_token: '<s>',
  eos_token: { __type: 'AddedToken', content: '</s>', lstrip: false },
  unk_token: '<unk>',
  additional_special_tokens: ['[user]', { content: '[assistant]' }, '[system]', '<|call|>'],
};
/** The unknown token stands for characters that the vocabulary does not have; it marks nothing. */
const MARK_IDS = MARKS.map((_, id) => id).filter((id) => MARKS[id] !== '<unk>');
const inFullWidth = (text: string): string =>
  text.replace(/[!-~]/g, (c) => String.fromCodePoint(c.codePointAt(0)! + 0xfee0));

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...MARKS, ...MARKS.map(inFullWidth), ...MARKS.map((mark) => mark.toUpperCase())),
      fc.constantFrom('<', '/', 's>', ' ', '[', 'user]', '</', '\u200b', 'hello', 'é'),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe.each(SHAPES)('a vocabulary of the shape %s', (_, json) => {
  const tokenizer = new ChatTokenizer(json, config, TEMPLATE);

  it('never makes a token that marks turns out of a text', () => {
    for (const mark of MARKS)
      expect(tokenizer.encode(mark).filter((id) => MARK_IDS.includes(id))).toEqual([]);
    fc.assert(
      fc.property(hostile, (text) => {
        expect(tokenizer.encode(text).filter((id) => MARK_IDS.includes(id))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('has the marks of the template in a conversation, and no others', () => {
    const marks = ['<s>', '[user]', '</s>', '[assistant]'].map((mark) => MARKS.indexOf(mark));
    fc.assert(
      fc.property(hostile, (content) => {
        const tokens = tokenizer.encodeChat([{ role: 'user', content }]);
        expect(tokens.filter((id) => MARK_IDS.includes(id))).toEqual(marks);
      }),
      { numRuns: 200 },
    );
  });
});

it('says which two files contradict each other, and which vocabularies it does not know', () => {
  const json = SHAPES[0]![1];
  const open = (more: object, model: object = {}) =>
    new ChatTokenizer({ ...json, model: { ...bpe, ...model } }, { ...config, ...more }, TEMPLATE);
  expect(() => open({ added_tokens_decoder: { 9: { content: '</s>' } } })).toThrow(
    /<\/s> is 9, and 1 in tokenizer.json/,
  );
  expect(() => open({ eos_token: '<end>' })).toThrow(/eos_token <end> is not in tokenizer.json/);
  expect(() => open({ eos_token: 7 })).toThrow(/eos_token: expected a token's text/);
  expect(() => open({}, { type: 'WordLevel' })).toThrow(/model.type "WordLevel"; expected BPE/);
});
