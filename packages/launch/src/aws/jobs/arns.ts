import { InputError } from '@touchstone/spec';

/** A part of AWS with its own accounts: ARNs begin with it. */
export type Partition = 'aws' | 'aws-cn' | 'aws-us-gov';

/** @throws {InputError} it is no region's name. */
export function partitionOf(region: string): Partition {
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
    throw new InputError([{ message: `${region}: expected the name of a region of AWS, such as us-east-1` }]);
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** What an ARN of a Lambda function says; a qualifier is a version or an alias. */
export interface FunctionArn {
  partition: string;
  region: string;
  account: string;
  name: string;
  qualifier: string | null;
}

/** @throws {InputError} it is none. */
export function functionOf(arn: string): FunctionArn {
  const match =
    /^arn:(aws[a-z-]*):lambda:([a-z0-9-]+):(\d{12}):function:([\w-]{1,64})(?::(\$LATEST|[\w-]{1,128}))?$/.exec(
      arn,
    );
  if (!match) {
    throw new InputError([
      {
        message: `${arn}: expected the ARN of a Lambda function, such as arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward`,
      },
    ]);
  }
  const [, partition, region, account, name, qualifier] = match as unknown as [
    string,
    string,
    string,
    string,
    string,
    string?,
  ];
  return { partition, region, account, name, qualifier: qualifier ?? null };
}

/** Where the reward is asked for from: each has its own rule for the function's ARN. */
export type AwsService =
  'sagemaker-nova' | 'hyperpod' | 'sagemaker-serverless' | 'bedrock' | 'bedrock-open-weight';

/** The ARN that a job gets, and why that one. */
export interface RewardArn {
  arn: string;
  why: string;
}

/**
 * Chooses between the function as it is (`$LATEST`) and an alias of it. Provisioned concurrency belongs to a version or an alias.
 * Bedrock's model of `lambdaArn` takes a qualifier. The check of AWS's own Python SDKs takes none for SageMaker, and what its training container
 * does with one, nobody has written down: an alias is used there only where the user insists (`insist`).
 *
 * @param alias of the deployed function; null: it has none.
 * @throws {InputError} no function's ARN, or one that HyperPod may not call.
 */
export function rewardArn(
  service: AwsService,
  functionArn: string,
  alias: string | null,
  insist = false,
): RewardArn {
  const { name, qualifier } = functionOf(functionArn);
  if (service === 'hyperpod' && !name.includes('SageMaker')) {
    throw new InputError([
      {
        message: `${name}: HyperPod calls only functions whose name holds SageMaker, spelled so: deploy the bundle under another name`,
      },
    ]);
  }
  const plain = functionArn.slice(0, functionArn.length - (qualifier === null ? 0 : qualifier.length + 1));
  const wanted = qualifier ?? alias;
  if (wanted === null)
    return {
      arn: plain,
      why: 'the function has no alias: every call runs the code that is deployed at that moment, without provisioned concurrency. Do not deploy while a job trains',
    };
  if (service === 'bedrock')
    return {
      arn: `${plain}:${wanted}`,
      why: `Bedrock takes an alias: ${wanted} keeps its version while the job trains, and its provisioned concurrency is used`,
    };
  if (insist)
    return {
      arn: `${plain}:${wanted}`,
      why: `the alias ${wanted}, because the configuration says so. AWS's Python SDKs refuse such an ARN for SageMaker, and AWS does not say what its training does with one`,
    };
  if (service === 'bedrock-open-weight')
    return {
      arn: plain,
      why: `the API for open-weight models gets the ARN without the alias ${wanted}: AWS does not say that it takes one. So $LATEST is called: provisioned concurrency of the alias is not used, and a deployment while the job trains changes the reward`,
    };
  return {
    arn: plain,
    why: `SageMaker gets the ARN without the alias ${wanted}: the check of AWS's Python SDKs takes no qualifier, and AWS does not say that its training does. So $LATEST is called: provisioned concurrency of the alias is not used, and a deployment while the job trains changes the reward`,
  };
}
