import { parseModelId } from '@touchstone/core';
import { modelsOf, type TrainingJob } from '@touchstone/run';
import { bedrockAccess } from '../bedrock-access.js';
import { filled, functionOf, functionPolicy, policyOf } from '../jobs/index.js';
import { json, type Described } from './service.js';

/** Who may do what, as IAM takes it. */
export function policyDocuments(
  { workspace }: Pick<TrainingJob, 'workspace'>,
  { permissions: { role, caller }, reward }: Pick<Described, 'permissions' | 'reward'>,
): Described['documents'] {
  const { policy, judge, heldout_judge: heldout } = workspace.config;
  const asked = bedrockAccess([parseModelId(policy.model), ...modelsOf(judge), ...modelsOf(heldout)]);
  const where = functionOf(reward.arn);
  return [
    ...(role === null
      ? []
      : [
          { path: 'role-trust.json', text: json(role.trust), about: 'whom the execution role trusts' },
          { path: 'role-policy.json', text: json(role.needs), about: 'what the execution role may do' },
        ]),
    {
      path: 'function-policy.json',
      text: json(functionPolicy(reward.arn, bedrockAccess(modelsOf(judge)))),
      about: "what the reward function's role may do",
    },
    {
      path: 'caller-policy.json',
      text: json(policyOf(...caller.Statement, ...asked.map((statement) => filled(statement, where)))),
      about: 'what whoever runs this command may do',
    },
  ];
}
