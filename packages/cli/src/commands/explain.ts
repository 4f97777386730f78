import { explain, fromAws, type Explanation } from '@touchstone/launch';
import { InputError, type JsonObject, type JsonValue } from '@touchstone/spec';
import type { Command } from 'commander';
import { parse, stringify } from 'yaml';
import type { Io } from '../io.js';

/** `touchstone explain [KEY...]` */
export function registerExplain(program: Command, io: Io): void {
  program
    .command('explain')
    .description(
      "say what settings, findings about a judge, algorithms and AWS's own keys do here and on Amazon Nova; KEY=VALUE of AWS become settings of touchstone.yaml",
    )
    .argument(
      '[key...]',
      'names such as clip_high, dapo or age_tolerance, or number_generation=8; default: all',
    )
    .option('--json', 'print the result as JSON')
    .action((keys: string[], { json }: { json?: true }) => {
      const given = keys.filter((key) => key.includes('='));
      if (given.length > 0 && given.length < keys.length) {
        throw new InputError([{ message: `expected names or KEY=VALUE, not both: ${keys.join(' ')}` }]);
      }
      io.out.write(given.length > 0 ? translated(given, json) : explained(explain(keys), json));
    });
}

function explained(explanations: readonly Explanation[], json: true | undefined): string {
  if (json) return `${JSON.stringify(explanations)}\n`;
  const of = { setting: '', finding: 'finding', algorithm: 'algorithm', aws: "AWS's key" };
  return explanations
    .map(({ name, kind, about, here, nova }) => {
      const title = [name, of[kind]].filter((part) => part !== '').join(', ');
      return `${title}\n  ${about}\n  here  ${here}\n  Nova  ${nova}\n`;
    })
    .join('\n');
}

/** @throws {InputError} a key is not known, or its value cannot be had here. */
function translated(given: readonly string[], json: true | undefined): string {
  const pairs = given.map((one) => {
    const at = one.indexOf('=');
    return [one.slice(0, at), parse(one.slice(at + 1)) as JsonValue] as const;
  });
  const { settings, problems, remarks } = fromAws(Object.fromEntries(pairs));
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
  const nested: JsonObject = {};
  for (const [path, value] of settings) {
    const names = path.split('.');
    let at = nested;
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as JsonObject;
    at[names.at(-1)!] = value;
  }
  if (json) return `${JSON.stringify({ settings: nested, remarks })}\n`;
  return [...(settings.size > 0 ? [stringify(nested)] : []), ...remarks.map((one) => `# ${one}\n`)].join('');
}
