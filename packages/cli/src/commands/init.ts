import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { Option, type Command } from 'commander';
import { configJsonSchema } from '../config/json-schema.js';
import { TEMPLATE_NAMES, TEMPLATES, type TemplateName } from '../config/templates/index.js';
import type { Io } from '../io.js';

/** `touchstone init [folder]` */
export function registerInit(program: Command, io: Io): void {
  program
    .command('init')
    .description(
      'write a commented touchstone.yaml to start from, with the schema that lets editors complete it',
    )
    .argument('[folder]', 'where to write it', '.')
    .addOption(
      new Option(
        '--template <name>',
        `what is judged: ${TEMPLATE_NAMES.map((name) => `${name} (${TEMPLATES[name].about})`).join(', ')}`,
      )
        .choices(TEMPLATE_NAMES)
        .default('contract-review'),
    )
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { json?: true; template: TemplateName }) => {
      const written = await init(folder, options.template);
      if (options.json) io.out.write(`${JSON.stringify({ written })}\n`);
      else {
        io.out.write(`Wrote ${written.join(', ')}.\n`);
        io.out.write(
          'Next: put your data and models where it says, and check it with "touchstone doctor".\n',
        );
      }
    });
}

/**
 * @returns the paths that were written.
 * @throws {InputError} when one of the files is there already (then nothing is written), or cannot be written.
 */
async function init(folder: string, name: TemplateName): Promise<string[]> {
  const template = TEMPLATES[name];
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  const files: [string, string][] = [
    [join(folder, 'touchstone.yaml'), template.yaml],
    [join(folder, 'touchstone.schema.json'), json(configJsonSchema())],
    ...Object.entries(template.files).map(([file, content]): [string, string] => [
      join(folder, file),
      json(content),
    ]),
  ];
  const present = files.flatMap(([path]) => (existsSync(path) ? [path] : []));
  if (present.length > 0) {
    throw new InputError(
      present.map((file) => ({
        place: { file },
        message: 'is there already: move it away, or name another folder',
      })),
    );
  }
  for (const [path, content] of files) {
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(path, content, { flag: 'wx' });
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw InputError.at({ file: path }, `cannot be written (${code}): name another folder`, { cause });
    }
  }
  return files.map(([path]) => path);
}
