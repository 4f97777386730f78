export { rewardArn, type AwsService, type RewardArn } from './arns.js';
export { jobName } from './names.js';
export {
  bedrockRftJob,
  customModel,
  customModelDeployment,
  type BedrockRftJob,
  type CustomModel,
  type Deployment,
} from './requests/bedrock.js';
export type { JobRequest } from './requests/common.js';
export { dataSetContent, evaluatorContent, hub, modelPackageGroup } from './requests/hub.js';
export { hyperPodFiles, type HyperPodJob } from './requests/hyperpod.js';
export { novaTrainingJob, RECIPE_FILE, VOLUME_GB, type NovaJob } from './requests/nova.js';
export { openWeightJob, openWeightUrl, type OpenWeightJob } from './requests/open-weight.js';
export { serverlessTrainingJob, type ServerlessJob } from './requests/serverless.js';
export { outputUri, storageOf, uriOf, type JobFile, type Storage } from './storage.js';
export { bedrockJob } from './bedrock-job.js';
export { awsClients, type AwsClients } from './clients.js';
export { AwsError, VanishedError } from './errors.js';
export type { AwsJob, JobResult, JobState, JobStep } from './job.js';
export { sageMakerJob } from './sagemaker-job.js';
export { upload } from './upload.js';
export type { Waiting } from './wait.js';
export { callerPolicy } from './caller-policy.js';
export { checkRole, type RoleCheck } from './check-role.js';
export { deploy, importModel, undeploy } from './deployment.js';
export { executionPolicy, functionPolicy, trustPolicy, type Access, type Policy } from './policies.js';
export { checkReply, preflightReward, type RewardCheck } from './preflight-reward.js';
export { baseModelArn, contentArn, registerContent, registerGroup, registerHub } from './registry.js';
export { openWeightTraining, type OpenWeightPlace } from './open-weight-job.js';
