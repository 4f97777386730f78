import { isRecord } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { parse, type CollectionTag, type ScalarTag } from 'yaml';

export interface TemplateResource {
  Type: string;
  Condition?: string;
  Properties?: Record<string, unknown>;
}

/** A CloudFormation template; short forms such as `!Sub x` are read as `{"Fn::Sub": "x"}`. */
export interface Template {
  Parameters?: Record<string, { Default?: unknown; AllowedPattern?: string }>;
  Resources: Record<string, TemplateResource>;
}

/** One statement of an IAM policy or of a trust. */
export interface IamStatement {
  Sid?: string;
  Effect?: string;
  Action: string | string[];
  Resource?: unknown;
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

const SHORT_FORMS = [
  'Ref',
  'Sub',
  'GetAtt',
  'If',
  'Not',
  'Equals',
  'And',
  'Or',
  'Condition',
  'Join',
  'Select',
  'Split',
  'FindInMap',
  'ImportValue',
  'Base64',
  'Cidr',
];
const longForm = (name: string): string => (name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`);

const tags = SHORT_FORMS.flatMap((name): (ScalarTag | CollectionTag)[] => [
  { tag: `!${name}`, resolve: (value: string) => ({ [longForm(name)]: value }) },
  ...(['seq', 'map'] as const).map((collection): CollectionTag => ({
    tag: `!${name}`,
    collection,
    resolve: (value) => ({ [longForm(name)]: value.toJSON() as unknown }) as never,
  })),
]);

/** @throws {InputError} when the text is no CloudFormation template. */
export function readTemplate(text: string, file: string): Template {
  let template: unknown;
  try {
    template = parse(text, { customTags: tags });
  } catch (cause) {
    throw InputError.at({ file }, `not YAML: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (isRecord(template) && isRecord(template['Resources'])) return template as unknown as Template;
  throw InputError.at({ file }, 'expected a CloudFormation template with Resources');
}

/** Every statement of every policy below a value. */
export function statementsIn(value: unknown): IamStatement[] {
  if (typeof value !== 'object' || value === null) return [];
  const { Statement } = value as { Statement?: unknown };
  const here = Array.isArray(Statement) ? (Statement as IamStatement[]) : [];
  return [...here, ...Object.values(value).flatMap(statementsIn)];
}

/** A property as it is when every parameter has its default; undefined where that cannot be told. */
export function resolved(template: Template, value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { Ref } = value;
  return typeof Ref === 'string' ? template.Parameters?.[Ref]?.Default : undefined;
}
