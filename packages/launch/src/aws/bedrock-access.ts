import { InputError } from '@touchstone/spec';
import type { ModelId } from '@touchstone/core';

/** One statement of an IAM policy, as the template writes it. Texts hold CloudFormation's `${...}`. */
export interface Statement {
  sid: string;
  actions: string[];
  resources: string[];
  /** Operator, key and value of a condition. */
  condition?: [operator: string, key: string, value: string];
}

/** Prefixes of the profiles that Bedrock itself offers, which spread calls over regions. */
const SYSTEM_PROFILE = /^(us|us-gov|eu|apac|jp|au|ca|sa|in|me|global)\./;
const ARN = /^arn:[a-z-]+:bedrock:/;

/**
 * What whoever calls these models needs, such as the function's role: `bedrock:InvokeModel` (Converse asks for that too) on each model.
 * A call through an inference profile needs the profile and the model in whatever region it is sent to; the model is
 * allowed through that profile only.
 *
 * @throws {InputError} for a name that no model of Bedrock can have.
 */
export function bedrockAccess(models: readonly ModelId[]): Statement[] {
  const names = [
    ...new Set(models.flatMap(({ provider, name }) => (provider.name === 'bedrock' ? [name] : []))),
  ];
  const strange = names.filter((name) => !/^[\w.:/-]+$/.test(name));
  if (strange.length > 0) {
    throw new InputError(
      strange.map((name) => ({ message: `bedrock:${name}: expected the id or the ARN of a model` })),
    );
  }
  return names.sort().flatMap((name, i) => statementsFor(name, names.length > 1 ? `${i + 1}` : ''));
}

function statementsFor(name: string, suffix: string): Statement[] {
  const actions = ['bedrock:InvokeModel'];
  const one = (resource: string): Statement => ({
    sid: `CallModel${suffix}`,
    actions,
    resources: [resource],
  });
  const throughProfile = (profile: string, model: string): Statement[] => [
    one(profile),
    {
      sid: `CallModelThroughProfile${suffix}`,
      actions,
      // The region is left open: the profile chooses it, and the condition names the profile.
      resources: [`arn:\${AWS::Partition}:bedrock:*::foundation-model/${model}`],
      condition: ['StringEquals', 'bedrock:InferenceProfileArn', profile],
    },
  ];
  if (ARN.test(name)) {
    const model = /:inference-profile\/[a-z-]+\.(.+)$/.exec(name)?.[1];
    if (model !== undefined) return throughProfile(name, model);
    // Which model is behind an application's own profile is not in its name.
    return name.includes(':application-inference-profile/') ? throughProfile(name, '*') : [one(name)];
  }
  if (SYSTEM_PROFILE.test(name)) {
    const profile = `arn:\${AWS::Partition}:bedrock:\${AWS::Region}:\${AWS::AccountId}:inference-profile/${name}`;
    return throughProfile(profile, name.replace(SYSTEM_PROFILE, ''));
  }
  return [one(`arn:\${AWS::Partition}:bedrock:\${AWS::Region}::foundation-model/${name}`)];
}
