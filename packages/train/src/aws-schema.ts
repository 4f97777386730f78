import { z } from 'zod';

const count = z.int().min(1);
const arnOf = (service: string, what: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `expected the ARN of ${what}`);

/** `training.aws`: what a job of AWS needs to know of the account that it runs in. */
export const awsTrainingSchema = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as us-east-1')
    .describe('The region of the job, the reward function and the storage'),
  role: arnOf('iam', 'a role')
    .optional()
    .describe(
      'The role that the job takes on; the plan writes the policy that it needs. Only bedrock-open-weight has none',
    ),
  storage: z
    .string()
    .regex(/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/\S*)?$/, 'expected s3://BUCKET/PREFIX')
    .optional()
    .describe(
      'Where data, recipe and results go: s3://BUCKET/PREFIX. Only bedrock-open-weight has no use for it',
    ),
  reward_function: arnOf('lambda', 'a Lambda function').describe(
    'The reward, as "touchstone reward bundle" made it and the template deployed it',
  ),
  alias: z
    .string()
    .regex(/^[\w-]+$/)
    .optional()
    .describe('Its alias with provisioned concurrency; it is asked for where the service takes one'),
  base: z
    .string()
    .min(1)
    .optional()
    .describe(
      'What is trained, as the service names it: a checkpoint in S3 for sagemaker-nova, a model of the public hub for sagemaker-serverless, ' +
        'a base or custom model for bedrock. Default: Amazon Nova 2 Lite. For bedrock-open-weight policy.model says it',
    ),
  platform: z
    .enum(['training-job', 'hyperpod'])
    .default('training-job')
    .describe(
      'sagemaker-nova: where its recipe runs. For hyperpod the plan writes the files and the command; nothing is started',
    ),
  namespace: z.string().min(1).default('kubeflow').describe('hyperpod: the namespace of the cluster'),
  image: z
    .string()
    .min(1)
    .optional()
    .describe("sagemaker-nova: the container; default: AWS's for this region"),
  instance_type: z.string().min(1).default('ml.p5.48xlarge').describe('sagemaker-nova: what it runs on'),
  instances: count.optional().describe("sagemaker-nova: instances that train; default: the recipe's"),
  accept_eula: z
    .boolean()
    .default(false)
    .describe('sagemaker-serverless: you accept the licence of the model, which AWS asks for'),
  overrides: z
    .record(z.string().min(1), z.json())
    .default({})
    .describe(
      "Keys of AWS's recipes by their names there, such as age_tolerance; one that a setting of this file decides is refused",
    ),
  max_hours: z
    .number()
    .positive()
    .max(672)
    .default(24)
    .describe('After these AWS ends the job; bedrock and bedrock-open-weight take no limit'),
  prices: z
    .strictObject({
      hour: z.number().nonnegative().optional().describe('An hour of the whole job'),
      function_call: z
        .number()
        .nonnegative()
        .optional()
        .describe('A call of the reward function, its memory and time included'),
    })
    .prefault({})
    .describe('US dollars, for the plan: those of AWS differ by region and contract'),
  kms_key: z.string().min(1).optional().describe('The key that AWS encrypts what comes out with'),
  vpc: z
    .strictObject({
      subnets: z.array(z.string().min(1)).min(1).describe('Subnets of the job'),
      security_groups: z.array(z.string().min(1)).min(1).describe('Its security groups'),
    })
    .optional()
    .describe('The network of the job'),
  tags: z.record(z.string().min(1), z.string()).default({}).describe('Tags beside those of the run'),
  mlflow: arnOf('sagemaker', 'an MLflow server')
    .optional()
    .describe('An MLflow server of SageMaker to log to'),
});
