import { ANSWER_SCHEMA, CONTRACT_REVIEW } from './contract-review.js';
import { FAITHFULNESS } from './faithfulness.js';
import { HELPFULNESS } from './helpfulness.js';
import { PREFERENCE } from './preference.js';

interface Template {
  /** For the help of the command. */
  about: string;
  /** The `touchstone.yaml`. */
  yaml: string;
  /** Files beside it that it names. */
  files: Record<string, object>;
}

/** What `touchstone init --template NAME` writes. */
export const TEMPLATES = {
  'contract-review': {
    about: 'comments on a contract against a guideline, three dimensions of 1 to 5',
    yaml: CONTRACT_REVIEW,
    files: { 'answer.schema.json': ANSWER_SCHEMA },
  },
  helpfulness: { about: 'a checklist of yes and no', yaml: HELPFULNESS, files: {} },
  faithfulness: { about: 'an answer against its context', yaml: FAITHFULNESS, files: {} },
  preference: { about: 'which of two answers is better', yaml: PREFERENCE, files: {} },
} satisfies Record<string, Template>;

export type TemplateName = keyof typeof TEMPLATES;
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as TemplateName[];
