import { InputError } from '@touchstone/spec';
import { functionOf, partitionOf } from '../arns.js';

/** A job of Bedrock for an open-weight model, by the API that OpenAI's has the words of. */
export interface OpenWeightJob {
  /** Such as `openai.gpt-oss-20b`. */
  model: string;
  /** The id of an uploaded file of purpose `fine-tune`. */
  trainingFile: string;
  validationFile: string | null;
  rewardLambdaArn: string;
  /** What is left out Bedrock chooses. */
  epochs?: number;
  batchSize?: number;
  learningRateMultiplier?: number;
}

/** The body of `POST /v1/fine_tuning/jobs`. */
export interface FineTuningJobBody {
  model: string;
  training_file: string;
  validation_file?: string;
  method: {
    type: 'reinforcement';
    reinforcement: {
      grader: { type: 'lambda'; lambda: { function: string } };
      hyperparameters: { n_epochs?: number; batch_size?: number; learning_rate_multiplier?: number };
    };
  };
}

/**
 * Where that API of a region is; `AWS_ENDPOINT_URL_BEDROCK_MANTLE` or `AWS_ENDPOINT_URL` may say so too, as for other services.
 *
 * @throws {InputError} no region, or one outside AWS's main partition: it has no such address.
 */
export function openWeightUrl(region: string): string {
  const elsewhere = process.env['AWS_ENDPOINT_URL_BEDROCK_MANTLE'] ?? process.env['AWS_ENDPOINT_URL'];
  if (elsewhere !== undefined) return `${elsewhere.replace(/\/+$/, '')}/v1`;
  if (partitionOf(region) !== 'aws')
    throw new InputError([
      { message: `${region}: Bedrock's API for open-weight models is not offered there` },
    ]);
  return `https://bedrock-mantle.${region}.api.aws/v1`;
}

/** The request that starts it. It has no name and no token: Bedrock takes no suffix. @throws {InputError} it would be refused. */
export function openWeightJob(job: OpenWeightJob): FineTuningJobBody {
  functionOf(job.rewardLambdaArn);
  const problems = (['epochs', 'batchSize', 'learningRateMultiplier'] as const).flatMap((key) => {
    const value = job[key];
    const isRight =
      value === undefined ||
      (value > 0 &&
        Number.isFinite(value) &&
        (key === 'learningRateMultiplier' || Number.isSafeInteger(value)));
    return isRight ? [] : [`${key} ${value}: expected more than 0`];
  });
  if (!/^[\w.:/-]+$/.test(job.model)) problems.push(`${job.model}: expected the id of a model`);
  if (problems.length > 0) throw new InputError(problems.map((message) => ({ message })));
  return {
    model: job.model,
    training_file: job.trainingFile,
    ...(job.validationFile === null ? {} : { validation_file: job.validationFile }),
    method: {
      type: 'reinforcement',
      reinforcement: {
        grader: { type: 'lambda', lambda: { function: job.rewardLambdaArn } },
        hyperparameters: {
          ...(job.epochs === undefined ? {} : { n_epochs: job.epochs }),
          ...(job.batchSize === undefined ? {} : { batch_size: job.batchSize }),
          ...(job.learningRateMultiplier === undefined
            ? {}
            : { learning_rate_multiplier: job.learningRateMultiplier }),
        },
      },
    },
  };
}
