import { type ScoringConfig, keyVariablesOf } from '@touchstone/run';
import { codeKey, defaultFunctionName } from './template.js';

/** README.txt of a bundle: the exact commands from here to a training job. */
export function nextSteps(config: ScoringConfig, sha256: string): string {
  const keys = keyVariablesOf(config.judge);
  const parameters = [
    'CodeBucket=$BUCKET',
    'DataBucket=$DATA_BUCKET',
    ...(keys.length > 0 ? ['JudgeKeyArn=$KEY_ARN'] : []),
  ];
  return `The reward function "${config.name}" for AWS Lambda.

  function.zip    the code, with the configuration in it; no keys
  template.yaml   everything it needs in AWS, for CloudFormation

Set these, all in the region where you train:

  BUCKET=...        a bucket for the code
  DATA_BUCKET=...   the bucket of the training data; leave the parameter out to make no execution roles
  STACK=touchstone-reward
${keys.length > 0 ? keyText(keys) : ''}
1. Put the code where the template looks for it, and deploy. Do the same after each new bundle.

  aws s3 cp function.zip s3://$BUCKET/${codeKey(sha256)}
  aws cloudformation deploy --template-file template.yaml --stack-name $STACK \\
    --capabilities CAPABILITY_IAM \\
    --parameter-overrides ${parameters.join(' ')}

2. See the ARNs.

  aws cloudformation describe-stacks --stack-name $STACK --query 'Stacks[0].Outputs'

3. Try it on an event, a JSON list of samples. "touchstone reward invoke" does the same without AWS.

  aws lambda invoke --function-name ${defaultFunctionName(config)}:live \\
    --cli-binary-format raw-in-base64-out --payload file://event.json answer.json

4. Train. Give Amazon Bedrock, and recipes that take one, AliasArn. The Nova Forge SDK refuses an ARN with an alias:
   give it FunctionArn, which does not use the provisioned concurrency, and deploy with ProvisionedConcurrency=0
   rather than pay for it. SageMakerRoleArn and BedrockRoleArn are execution roles that may invoke the function; attach
   InvokePolicyArn to a role that is there already, such as a HyperPod cluster's.

100 warm instances are billed as long as the stack exists. When training is over:

  aws cloudformation delete-stack --stack-name $STACK
`;
}

function keyText(keys: readonly string[]): string {
  const value =
    keys.length === 1 ? 'the key as it is' : `{${keys.map((key) => `"${key}": "..."`).join(', ')}}`;
  return `  KEY_ARN=...       the secret (Secrets Manager) or SecureString parameter (SSM) that holds ${value}:

  aws secretsmanager create-secret --name touchstone-judge --secret-string file://key.txt --query ARN
`;
}
