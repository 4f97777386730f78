import { join } from 'node:path';
import { TEMPLATES, type TemplateName } from '@touchstone/run';
import { writeWhole } from '@touchstone/store';
import { parse, stringify } from 'yaml';
import { WORLDS } from './model.js';
import { labelledLines } from './worlds/world.js';

/** Where the judges are: a module with an `OpenOwnModel` as its default export. */
const SIMULATOR = new URL('./simulator.js', import.meta.url).href;

/**
 * Writes labelled answers of a world, and for each judge a `JUDGE.yaml`: the template's judge as it is, its model a
 * simulator.
 *
 * @param data how the answers are drawn.
 * @param module URL of the module that has the judges.
 * @returns the paths of the configurations by judge.
 */
export async function writeExaminations<Name extends string>(
  folder: string,
  template: TemplateName,
  judges: readonly Name[],
  data: Parameters<typeof labelledLines>[1],
  module: string = SIMULATOR,
): Promise<Record<Name, string>> {
  const lines = labelledLines(WORLDS[template], data).map((line) => `${JSON.stringify(line)}\n`);
  await writeWhole(join(folder, 'labelled.jsonl'), lines.join(''));
  // A configuration names modules beside it only.
  await writeWhole(join(folder, 'simulator.mjs'), `export { default } from '${module}';\n`);
  const { judge: asWritten } = parse(TEMPLATES[template].yaml) as { judge: Record<string, unknown> };
  const { model: _, base_url: __, ...judge } = asWritten;
  const entries = judges.map(async (name): Promise<[Name, string]> => {
    const path = join(folder, `${name}.yaml`);
    const configuration = {
      name,
      seed: data.seed,
      output: name,
      data: { labelled: 'labelled.jsonl' },
      judge: { model: `code:simulator.mjs#${template}/${name}`, ...judge, concurrency: 64 },
    };
    await writeWhole(path, stringify(configuration, { lineWidth: 0 }));
    return [name, path];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<Name, string>;
}
