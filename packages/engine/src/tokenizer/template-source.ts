import path from 'node:path';
import { InputError } from '@touchstone/spec';
import { z } from 'zod';
import { readFolderJson, readFolderTemplates, readFolderText } from '../folder-files.js';

/** A template, or several by name: a list as tokenizer_config.json has it, or an object. */
const templatesSchema = z
  .union([
    z.string(),
    z.array(z.looseObject({ name: z.string(), template: z.string() })),
    z.record(z.string(), z.string()),
  ])
  .nullish();

/**
 * A folder's chat template, from wherever it lies there; of several the one called `default`. The order is that of
 * transformers: a file of its own comes before tokenizer_config.json.
 * @param config content of tokenizer_config.json
 * @throws {InputError} when there is none, or none is the default
 */
export async function readChatTemplate(
  folder: string,
  config: Record<string, unknown>,
): Promise<{ source: string; file: string }> {
  const at = (name: string): string => path.join(folder, name);
  const own = await readFolderText(folder, 'chat_template.jinja');
  if (own !== null) return { source: own, file: at('chat_template.jinja') };
  const names: string[] = [];
  const processor = await readFolderJson(folder, 'chat_template.json');
  const places: [file: string, value: unknown][] = [
    ['tokenizer_config.json', config['chat_template']],
    ['additional_chat_templates', Object.fromEntries(await readFolderTemplates(folder))],
    ['chat_template.json', processor?.['chat_template']],
  ];
  for (const [name, value] of places) {
    const parsed = templatesSchema.safeParse(value);
    if (!parsed.success)
      throw InputError.at(
        { file: at(name) },
        'chat_template: expected a template, or a list of name and template',
      );
    const named = namedTemplates(parsed.data);
    const source = named.get('default');
    if (source !== undefined) return { source, file: at(name) };
    for (const other of named.keys()) names.push(other);
  }
  const found =
    names.length === 0 ? 'no chat_template' : `chat templates ${names.join(', ')}, and none called default`;
  throw InputError.at(
    { file: at('tokenizer_config.json') },
    `has ${found}; expected an instruction-tuned model`,
  );
}

function namedTemplates(value: z.infer<typeof templatesSchema>): Map<string, string> {
  if (value == null || value === '') return new Map();
  if (typeof value === 'string') return new Map([['default', value]]);
  if (!Array.isArray(value)) return new Map(Object.entries(value));
  return new Map(value.map(({ name, template }) => [name, template]));
}
