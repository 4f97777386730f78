import type { JsonObject } from '@touchstone/spec';
import { Argument } from 'commander';
import type { Command } from 'commander';
import { configJsonSchema } from '../config/json-schema.js';
import type { Io } from '../io.js';

/** `touchstone schema config|summary` */
export function registerSchema(program: Command, io: Io): void {
  program
    .command('schema')
    .description('print a JSON Schema: of touchstone.yaml, or of summary.json')
    .addArgument(new Argument('<of>', 'what it describes').choices(['config', 'summary']))
    .action(async (of: 'config' | 'summary') => {
      io.out.write(`${JSON.stringify(await published(of), null, 2)}\n`);
    });
}

async function published(of: 'config' | 'summary'): Promise<JsonObject> {
  if (of === 'config') return configJsonSchema();
  const { summaryJsonSchema } = await import('@touchstone/studio');
  return summaryJsonSchema();
}
