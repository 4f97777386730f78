import type { JsonObject } from '@touchstone/spec';
import { Argument } from 'commander';
import type { Command } from 'commander';
import { configJsonSchema } from '@touchstone/run';
import type { Io } from '../io.js';

/** What there is a schema of. */
const PUBLISHED = ['config', 'summary', 'trainings', 'evaluation', 'record', 'alignment', 'openapi'] as const;
type Published = (typeof PUBLISHED)[number];

/** `touchstone schema config|summary|trainings|evaluation|record|alignment|openapi` */
export function registerSchema(program: Command, io: Io): void {
  program
    .command('schema')
    .description(
      'print a JSON Schema: of touchstone.yaml, of summary.json of one training or of several, of evaluation.json or a line of records.jsonl, of alignment.json; or the OpenAPI document of reward serve',
    )
    .addArgument(new Argument('<of>', 'what it describes').choices(PUBLISHED))
    .action(async (of: Published) => {
      io.out.write(`${JSON.stringify(await published(of), null, 2)}\n`);
    });
}

async function published(of: Published): Promise<JsonObject> {
  if (of === 'config') return configJsonSchema();
  if (of === 'openapi') return (await import('@touchstone/serve')).openApiDocument();
  const studio = await import('@touchstone/studio');
  return {
    summary: studio.summaryJsonSchema,
    trainings: studio.trainingsJsonSchema,
    evaluation: studio.evaluationJsonSchema,
    record: studio.recordJsonSchema,
    alignment: studio.alignmentJsonSchema,
  }[of]();
}
