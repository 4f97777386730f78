import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, scoreOf, taskWith } from './check.testing.js';

const config = { type: 'artefacts' };

describe('artefacts', () => {
  it.each([
    ['replacement characters', 'the pric\ufffd is'],
    ['control characters', 'a\u0000b'],
    ['control characters', 'bell \u0007'],
    ['control characters', 'next\u0085line'],
    ['private use', '\uf0b7 first point'],
    ['private use', 'half \ud83d of a pair'],
    ['private use', '\ufffe'],
    ['scripts mixed in a word', 'the pаyment'], // Cyrillic а
    ['scripts mixed in a word', 'сontract'], // Cyrillic с
    ['scripts mixed in a word', 'αgreement'],
    ['mojibake', 'CafÃ©'],
    ['mojibake', 'the supplierâ€™s price'],
    ['mojibake', 'voilÃ\u00a0'],
    ['mojibake', 'naÃ¯ve'],
    ['mojibake', '20 â‚¬'],
    ['mojibake', 'ÐŸÑ€Ð¸Ð²ÐµÑ‚'],
    ['mojibake', 'ï»¿[]'],
  ])('finds %s in %j', async (kind, text) => {
    const { score, detail } = await evaluate(config, text);
    expect(score).toBe(0);
    expect(detail).toContain(kind);
  });

  it.each([
    'plain text,\twith tab\r\nand line ends',
    'Müller, naïve, Ångström, São Paulo, İstanbul, Đorđe',
    'IRMÃ”, “CAFÉ”, «VOILÀ», À…',
    'kΩ, µm, μm, ΔT, α-helix, β2',
    '使用Python编写のコード、PC방',
    'Договор об оказании услуг; σύμβαση',
    '👍🏽 👨‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿',
    'e\u0301te\u0301 and ﬁ',
  ])('passes %j', async (text) => expect(await scoreOf(config, text)).toBe(1));

  it('finds what UTF-8 becomes when it is read as Windows-1252', async () => {
    const letters = fc.constantFrom(...'äöüßéèçñøå’“”–…€'.split(''));
    const decoder = new TextDecoder('windows-1252');
    await fc.assert(
      fc.asyncProperty(letters, async (letter) => {
        const misread = decoder.decode(new TextEncoder().encode(`in ${letter} out`));
        expect(await scoreOf(config, misread)).toBe(0);
      }),
      { seed: 2 },
    );
  });

  it('lets an answer quote what the task contains', async () => {
    const task = taskWith({ document: 'Item \uf0b7 one: cafÃ©' });
    expect(await scoreOf(config, '\uf0b7 one: cafÃ©', { task })).toBe(1);
    expect(await scoreOf(config, '\uf0b8 one', { task })).toBe(0);
  });

  it('falls with their number where more than one is borne', async () => {
    const { score, detail } = await evaluate({ ...config, tolerance: 4 }, '\ufffd \ufffd \u0007');
    expect(score).toBe(0.25);
    expect(detail).toBe('3: replacement characters, control characters');
  });
});
