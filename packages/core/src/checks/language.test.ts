import { describe, expect, it } from 'vitest';
import { scoreOf, taskWith } from './check.testing.js';

describe('language', () => {
  const english =
    'The supplier must be paid within thirty days after the invoice has been received by the customer.';
  const german =
    'Der Lieferant muss innerhalb von dreißig Tagen nach Eingang der Rechnung beim Kunden bezahlt werden.';
  it.each([
    [english, english, 1],
    [english, german, 0],
    [german, english, 0],
    [english, 'Ja, gut.', 1],
    [english, JSON.stringify([{ comment: german }]), 0],
    [german, JSON.stringify([{ comment_text_of_the_reviewer: german }]), 1],
    [english, `\`\`\`\n${german}\n\`\`\` ${english}`, 1],
  ])('compares the prose of prompt and answer (%#)', async (prompt, response, expected) => {
    expect(await scoreOf({ type: 'language' }, response, { task: taskWith({}, prompt) })).toBe(expected);
  });
});
