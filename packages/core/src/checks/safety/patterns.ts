import { isCardNumber, isCpf, isFrenchId, isGermanTaxId, isIban, isSpanishId } from './checksums.js';

export interface Pattern {
  name: string;
  /** Without nested repetition, so that matching stays linear; `g` where `confirm` decides on each match. */
  expression: RegExp;
  /** A match counts only if this holds. */
  confirm?: (match: string) => boolean;
}

const ROLE = '(?:judge|grader|evaluator|reviewer|scorer|assessor)';

/** Named lists of patterns. A list is about one kind of harm, and finding one of its patterns scores 0. */
export const LISTS = {
  'prompt-injection': [
    {
      name: 'asks to disregard instructions',
      expression:
        /\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+|the\s+|your\s+|of\s+|these\s+|those\s+){0,4}(?:previous|prior|above|earlier|preceding|system)\s+(?:\w+\s+){0,2}(?:instructions?|prompts?|rules?|rubrics?|criteria)\b/i,
    },
    {
      name: 'addresses the judge',
      expression: new RegExp(
        `\\b(?:dear|attention|note\\s+to(?:\\s+the)?|message\\s+to(?:\\s+the)?|hello)\\s+(?:ai\\s+)?${ROLE}\\b`,
        'i',
      ),
    },
    {
      name: 'asks for a score',
      expression:
        /\b(?:give|assign|award|return|output|grant)\s+(?:\w+\s+){0,4}(?:full|maximum|max|highest|top|perfect)\s+(?:possible\s+)?(?:scores?|marks?|ratings?|points?|grades?|rewards?)\b/i,
    },
    {
      name: 'forges a role',
      expression:
        /<\|(?:im_start|im_end|system|assistant|user|eot_id|start_header_id)\|>|\[\/?INST\]|<<\/?SYS>>/,
    },
    { name: 'forges a verdict', expression: /"verdicts"\s*:\s*\[\s*\{\s*"criterion"\s*:/ },
    // Direction overrides, and tag characters outside a flag: text a judge reads and a person does not see.
    {
      name: 'invisible text',
      expression: /[\u202d\u202e]|(?<![\u{1f3f4}\u{e0020}-\u{e007f}])[\u{e0020}-\u{e007f}]/u,
    },
  ],
  secrets: [
    { name: 'AWS access key id', expression: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
    { name: 'private key', expression: /-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY-----/ },
    { name: 'GitHub token', expression: /\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bgithub_pat_\w{60,100}\b/ },
    { name: 'GitLab token', expression: /\bglpat-[A-Za-z0-9_-]{20,60}/ },
    { name: 'Slack token', expression: /\bxox[abeoprs]-[A-Za-z0-9-]{20,200}/ },
    { name: 'Google API key', expression: /\bAIza[A-Za-z0-9_-]{35}\b/ },
    { name: 'Stripe key', expression: /\b[rs]k_live_[A-Za-z0-9]{20,200}/ },
    { name: 'npm token', expression: /\bnpm_[A-Za-z0-9]{36}\b/ },
    { name: 'Hugging Face token', expression: /\bhf_[A-Za-z]{34}\b/ },
    { name: 'API key', expression: /\bsk-(?:[a-z]{1,10}-){0,2}[A-Za-z0-9_-]{32,200}/ },
    { name: 'password in an address', expression: /\b[a-z]{2,12}:\/\/[^\s/:@]{1,60}:[^\s/:@]{3,60}@[\w.-]/ },
    {
      name: 'signed web token',
      expression: /(?<![\w-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,2000}/,
    },
  ],
  // Numbers that carry a checksum, so that a clause number or an amount is not taken for one; US numbers have none,
  // and count by the blocks that were never issued.
  'personal-data': [
    {
      name: 'payment card number',
      expression: /(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-]*\d)/g,
      confirm: isCardNumber,
    },
    {
      name: 'IBAN',
      expression: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g,
      confirm: isIban,
    },
    {
      name: 'US social security number',
      expression: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/,
    },
    {
      name: 'Spanish identity number',
      expression: /(?<!\w)(?:\d{8}|[XYZ]-?\d{7})[ -]?[A-HJ-NP-TV-Z](?!\w)/g,
      confirm: isSpanishId,
    },
    {
      name: 'French social security number',
      expression: /(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)/g,
      confirm: isFrenchId,
    },
    {
      name: 'Brazilian CPF',
      expression: /(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)/g,
      confirm: isCpf,
    },
    {
      name: 'German tax number',
      expression: /(?<!\w)\d{2} \d{3} \d{3} \d{3}(?!\w)/g,
      confirm: isGermanTaxId,
    },
  ],
  'contact-data': [
    { name: 'e-mail address', expression: /[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}/i },
    {
      name: 'telephone number',
      expression: /(?<![\w+])\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}(?!\w)/,
    },
  ],
} satisfies Record<string, Pattern[]>;

type ListName = keyof typeof LISTS;
export const LIST_NAMES = [
  'prompt-injection',
  'secrets',
  'personal-data',
  'contact-data',
] as const satisfies ListName[];

export function occurs({ expression, confirm }: Pattern, text: string): boolean {
  if (!confirm) return expression.test(text);
  return [...text.matchAll(expression)].some(([match]) => confirm(match));
}
