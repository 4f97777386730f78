/*
 * AWS's jobs: pure requests, and the verbs over them. Nothing here knows of a run; whoever writes a plan needs no call (requests, policies, URIs
 * and ARNs are functions of their inputs), and no client of AWS is loaded before one is asked for.
 */

// What is sent, and where things are.
export { functionOf, partitionOf, rewardArn, type AwsService, type RewardArn } from './arns.js';
export { jobName } from './names.js';
export {
  bedrockRftJob,
  customModel,
  customModelDeployment,
  type BedrockRftJob,
  type CustomModel,
  type Deployment,
} from './requests/bedrock.js';
export type { JobBase, JobRequest } from './requests/common.js';
export { dataSetContent, evaluatorContent, hub, modelPackageGroup } from './requests/hub.js';
export { hyperPodFiles, type HyperPodJob } from './requests/hyperpod.js';
export { novaTrainingJob, RECIPE_FILE, VOLUME_GB, type NovaJob } from './requests/nova.js';
export { openWeightJob, openWeightUrl, type OpenWeightJob } from './requests/open-weight.js';
export { serverlessTrainingJob, type ServerlessJob } from './requests/serverless.js';
export { contentArn } from './registry.js';
export { outputUri, storageOf, uriOf, type JobFile, type Storage } from './storage.js';

// What a role needs.
export { callerPolicy, openWeightCallerPolicy } from './caller-policy.js';
export {
  executionPolicy,
  filled,
  functionPolicy,
  policyOf,
  trustPolicy,
  type Access,
  type Policy,
} from './policies.js';

// Asking AWS.
export { awsClients, type AwsClients } from './clients.js';
export { asking, AwsError, VanishedError } from './errors.js';
export type { Waiting } from './wait.js';

// Before a job.
export { checkCaller, type CallerCheck } from './check-caller.js';
export { BEYOND, checkRole, type RoleCheck } from './check-role.js';
export { checkReply, preflightReward, type RewardCheck } from './preflight-reward.js';
export { baseModelArn, registerContent, registerGroup, registerHub } from './registry.js';
export { upload } from './upload.js';

// Jobs: start, status, steps, result, stop.
export { bedrockJob } from './bedrock-job.js';
export type { AwsJob, JobResult, JobState, JobStep } from './job.js';
export { OpenWeightApi, type OpenWeightPlace } from './open-weight-api.js';
export { openWeightTraining } from './open-weight-job.js';
export { mlflowServer, type MlflowRun } from './mlflow.js';
export { sageMakerJob } from './sagemaker-job.js';

// After a job: a model that can be asked.
export { deploy, importModel, undeploy } from './deployment.js';
