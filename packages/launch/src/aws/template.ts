import { readFileSync } from 'node:fs';
import { type ScoringConfig, keyVariablesOf, modelsOf } from '@touchstone/run';
import { type Document, isMap, parseDocument, Scalar, visit, type YAMLMap, type YAMLSeq } from 'yaml';
import { bedrockAccess, type Statement } from './bedrock-access.js';

/** Where the zip is looked for in the bucket: its name changes with its content, so that an update is noticed. */
export function codeKey(sha256: string): string {
  return `touchstone/${sha256.slice(0, 16)}.zip`;
}

/** Lambda's limit is 64 characters; AWS's execution roles reach only names that hold exactly `SageMaker`. */
export function defaultFunctionName({ name }: Pick<ScoringConfig, 'name'>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `SageMaker-reward-${plain}`.slice(0, 64);
}

/** Of the package: `templates/` lies beside `src/` and `dist/`. */
const ASSET = new URL('../../templates/reward-function.yaml', import.meta.url);
const FUNCTION_POLICY = ['Resources', 'FunctionRole', 'Properties', 'Policies', 0, 'PolicyDocument'];
/** What only a judge with a key needs, besides its statement in the function's policy. */
const OF_KEY = [
  ['Parameters', 'JudgeKeyArn'],
  ['Resources', 'Function', 'Properties', 'Environment'],
];
const KEY_SETTING = ', ${JudgeKeyArn}';

/**
 * The CloudFormation template of a reward function: plain text, for `aws cloudformation deploy` and nothing else. It
 * makes the function with its log and role, an alias with provisioned concurrency, a policy to invoke it, and, where a
 * bucket is named, execution roles for SageMaker and Bedrock. No key is in it.
 *
 * @param sha256 of the zip, hexadecimal. A new one publishes a new version.
 * @throws {InputError} for a name that no model of Bedrock can have.
 */
export function templateOf(config: ScoringConfig, sha256: string): string {
  const template = parseDocument(readFileSync(ASSET, 'utf8'), { logLevel: 'error' });
  const needsKey = keyVariablesOf(config.judge).length > 0;
  const statements = template.getIn([...FUNCTION_POLICY, 'Statement']) as YAMLSeq;
  const isOfKey = (one: unknown): boolean => isMap(one) && one.get('Sid') === 'ReadJudgeKey';
  const ofKey = statements.items.findIndex(isOfKey);
  const ofModels = bedrockAccess(modelsOf(config.judge)).map((one) => statementNode(template, one));
  statements.items.splice(ofKey, needsKey ? 0 : 1, ...ofModels);
  if (!needsKey) for (const path of OF_KEY) template.deleteIn(path);

  const blanks = {
    __CODE_KEY__: codeKey(sha256),
    __FUNCTION_NAME__: defaultFunctionName(config),
    __VERSION__: `Version${sha256.slice(0, 16)}`,
    ...(needsKey ? {} : { [KEY_SETTING]: '' }),
  };
  visit(template, {
    Scalar(_, node) {
      for (const [blank, value] of Object.entries(blanks)) {
        if (typeof node.value === 'string') node.value = node.value.replaceAll(blank, () => value);
      }
    },
  });
  return template.toString({ lineWidth: 0 });
}

function statementNode(
  template: Document,
  { sid, actions, resources, condition }: Statement,
): YAMLMap<unknown, unknown> {
  return template.createNode({
    Sid: sid,
    Effect: 'Allow',
    Action: actions,
    Resource: resources.map(textNode),
    ...(condition && { Condition: { [condition[0]]: { [condition[1]]: textNode(condition[2]) } } }),
  }) as YAMLMap<unknown, unknown>;
}

/** With `!Sub` where CloudFormation has something to fill in. */
function textNode(text: string): Scalar {
  const node = new Scalar(text);
  if (text.includes('${')) node.tag = '!Sub';
  return node;
}
