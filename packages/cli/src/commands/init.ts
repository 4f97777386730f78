import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InputError } from '@touchstone/spec';
import { Option, type Command } from 'commander';
import {
  TEMPLATES,
  TEMPLATE_NAMES,
  type TemplateName,
  configJsonSchema,
  graderYaml,
  readGrader,
  templateFiles,
} from '@touchstone/run';
import type { Io } from '../io.js';

/** `touchstone init [folder] [--from grader.json]` */
export function registerInit(program: Command, io: Io): void {
  program
    .command('init')
    .description(
      'write a commented touchstone.yaml to start from, with sample data and the schema that lets editors complete it',
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
      const files = converted
        ? { 'touchstone.yaml': graderYaml(converted, basename(from!)) }
        : await templateFiles(options.template);
      const written = await init(folder, files);
      if (options.json) {
        io.out.write(`${JSON.stringify({ written, ...(converted && { warnings: converted.warnings }) })}\n`);
        return;
      }
      io.out.write(`Wrote ${written.join(', ')}.\n`);
      for (const warning of converted?.warnings ?? []) io.out.write(`  ${warning}\n`);
      io.out.write(
        converted ? 'Next: score answers with it, "touchstone reward score".\n' : nextSteps(folder),
      );
    });
}

const nextSteps = (folder: string): string =>
  `The data is a small sample, so that everything can be tried before you have your own. Next:
  1. In touchstone.yaml, say which model judges: "model" and "base_url". The key of an https address is read from the
     environment: OPENAI_API_KEY, or the variable that api_key_env names.
  2. touchstone judge ${folder}
     Is the judge fit to train against?
  3. Put a Llama-family model, a Hugging Face folder, into ${join(folder, 'models/policy')}. Then: touchstone run ${folder}
     Judge and gate, baseline, training, evaluation, report.
`;

/**
 * @param files what is written besides the schema of `touchstone.yaml`, by path within the folder.
 * @returns the paths that were written.
 * @throws {InputError} when one of the files is there already (then nothing is written), or cannot be written.
 */
async function init(folder: string, files: Record<string, string>): Promise<string[]> {
  const schema = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  const all = Object.entries({ ...files, 'touchstone.schema.json': schema });
  const present = all.map(([name]) => name).filter((name) => existsSync(join(folder, name)));
  if (present.length > 0) {
    const message = `there already: ${present.join(', ')}. Move away what is there, or name another folder`;
    throw InputError.at({ file: folder }, message);
  }
  for (const [name, content] of all) {
    const path = join(folder, name);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { flag: 'wx' });
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw InputError.at({ file: path }, `cannot be written (${code}): name another folder`, { cause });
    }
  }
  return all.map(([name]) => join(folder, name));
}
