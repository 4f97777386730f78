import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CONTRACT_REVIEW } from './contract-review.js';
import { FAITHFULNESS } from './faithfulness.js';
import { HELPFULNESS } from './helpfulness.js';
import { PREFERENCE } from './preference.js';

interface Template {
  /** For the help of the command. */
  about: string;
  /** The `touchstone.yaml`. What it names lies in the package's `templates/NAME`. */
  yaml: string;
}

/** What `touchstone init --template NAME` writes. */
export const TEMPLATES = {
  'contract-review': {
    about: 'comments on a contract against a guideline, three dimensions of 1 to 5',
    yaml: CONTRACT_REVIEW,
  },
  helpfulness: { about: 'a checklist of yes and no', yaml: HELPFULNESS },
  faithfulness: { about: 'an answer against its context', yaml: FAITHFULNESS },
  preference: { about: 'which of two answers is better', yaml: PREFERENCE },
} satisfies Record<string, Template>;

export type TemplateName = keyof typeof TEMPLATES;
export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as TemplateName[];

/** The files of a template by their path in its folder: the `touchstone.yaml` first, then what it names. */
export async function templateFiles(name: TemplateName): Promise<Record<string, string>> {
  const folder = fileURLToPath(new URL(`../../../templates/${name}`, import.meta.url));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
  const contents = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')]),
  );
  return { 'touchstone.yaml': TEMPLATES[name].yaml, ...Object.fromEntries(contents) };
}
