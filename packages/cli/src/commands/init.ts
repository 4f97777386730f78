import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { Option, type Command } from 'commander';
import {
  TEMPLATES,
  TEMPLATE_NAMES,
  type TemplateName,
  configJsonSchema,
  graderYaml,
  readGrader,
} from '@touchstone/run';
import type { Io } from '../io.js';

/** `touchstone init [folder] [--from grader.json]` */
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
    .addOption(
      new Option(
        '--from <grader>',
        'a grader of OpenAI or Azure (JSON): write a reward that scores as it does',
      ).conflicts('template'),
    )
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, options: { template: TemplateName; from?: string; json?: true }) => {
      const { from } = options;
      const converted = from === undefined ? undefined : await readGrader(from);
      const { yaml, files } = converted
        ? { yaml: graderYaml(converted, basename(from!)), files: {} }
        : TEMPLATES[options.template];
      const written = await init(folder, yaml, files);
      if (options.json) {
        io.out.write(`${JSON.stringify({ written, ...(converted && { warnings: converted.warnings }) })}\n`);
        return;
      }
      io.out.write(`Wrote ${written.join(', ')}.\n`);
      for (const warning of converted?.warnings ?? []) io.out.write(`  ${warning}\n`);
      io.out.write(
        converted
          ? 'Next: score answers with it, "touchstone reward score".\n'
          : 'Next: put your data and models where it says, and check it with "touchstone doctor".\n',
      );
    });
}

/**
 * @returns the paths that were written.
 * @throws {InputError} when one of the files is there already (then nothing is written), or cannot be written.
 */
async function init(folder: string, yaml: string, schemas: Record<string, object>): Promise<string[]> {
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  const files: [string, string][] = [
    [join(folder, 'touchstone.yaml'), yaml],
    [join(folder, 'touchstone.schema.json'), json(configJsonSchema())],
    ...Object.entries(schemas).map(([name, schema]): [string, string] => [join(folder, name), json(schema)]),
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
