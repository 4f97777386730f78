import { stringify } from 'yaml';
import type { Converted } from './convert.js';

/** A `touchstone.yaml` for what a grader says, with what is not carried over as comments. */
export function graderYaml({ name, seed, judge, reward, warnings }: Converted, source: string): string {
  const lines = [
    '# yaml-language-server: $schema=./touchstone.schema.json',
    '#',
    `# Made from ${source.replace(/\s+/g, ' ')} by "touchstone init --from". It scores answers as that grader does:`,
    '#   touchstone reward score . answers.jsonl      touchstone reward serve .',
    ...(warnings.length === 0 ? [] : ['#', '# Not carried over, or not as it was:']),
    ...warnings.map((warning) => `# - ${warning.replace(/\s+/g, ' ')}`),
    '',
    '# To train with it, "touchstone run" also needs the model and the data:',
    '#policy: { model: local:models/policy }',
    '#data: { train: data/train.jsonl, eval: data/eval.jsonl }',
    '',
  ];
  return `${lines.join('\n')}${stringify(
    { name, ...(seed === undefined ? {} : { seed }), ...(judge ? { judge } : {}), reward },
    { lineWidth: 0 },
  )}`;
}
