import { RunError, TouchstoneError } from '@touchstone/spec';
import { shorten } from '@touchstone/core';

/** What AWS has said no to, or that it could not be asked. */
export class AwsError extends RunError {
  /**
   * @param code AWS's own name of it, such as `AccessDeniedException`.
   * @param isRetryable the same request may be answered later, with nothing changed.
   */
  constructor(
    message: string,
    readonly code: string,
    readonly isRetryable: boolean,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** What was started is not there any more. */
export class VanishedError extends RunError {}

interface Kind {
  codes: readonly string[];
  isRetryable: boolean;
  toDo: string;
}

const KINDS: readonly Kind[] = [
  {
    codes: [
      'ThrottlingException',
      'Throttling',
      'ThrottledException',
      'TooManyRequestsException',
      'RequestLimitExceeded',
      'RequestThrottled',
      'SlowDown',
    ],
    isRetryable: true,
    toDo: 'AWS is asked too often by this account. Run the same command again in some minutes',
  },
  {
    codes: [
      'AccessDeniedException',
      'AccessDenied',
      'Forbidden',
      'UnauthorizedOperation',
      'NotAuthorized',
      'KMSAccessDeniedException',
    ],
    isRetryable: false,
    toDo: 'whoever asks, or the role that is passed on, lacks this permission: compare with the policies that --plan writes, or with a service control policy of the organization',
  },
  {
    codes: [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidAccessKeyId',
      'SignatureDoesNotMatch',
      'InvalidSignatureException',
      'ExpiredToken',
      'ExpiredTokenException',
      'RequestExpired',
      'CredentialsProviderError',
      'TokenProviderError',
      'MissingAuthenticationToken',
    ],
    isRetryable: false,
    toDo: 'sign in again (aws sso login, or new keys), look with `aws sts get-caller-identity` who asks, and set the machine’s clock right. A job that is at work goes on',
  },
  {
    codes: [
      'ServiceQuotaExceededException',
      'ResourceLimitExceeded',
      'LimitExceededException',
      'LimitExceeded',
    ],
    isRetryable: false,
    toDo: 'a quota of the account is used up: end what is not needed, or ask for more under Service Quotas (for training jobs: instances of this type "for training job usage"), then run the same command again',
  },
  {
    codes: ['CapacityError', 'InsufficientInstanceCapacity', 'ModelNotReadyException'],
    isRetryable: true,
    toDo: 'AWS has none free in this region now. Run the same command again later',
  },
  {
    codes: [
      'ResourceNotFoundException',
      'ResourceNotFound',
      'NoSuchBucket',
      'NoSuchKey',
      'NotFound',
      'NoSuchEntity',
      'NoSuchEntityException',
    ],
    isRetryable: false,
    toDo: 'it is not there: look at its name, the region and the account',
  },
  {
    codes: ['ConflictException', 'ResourceInUse', 'ResourceConflictException', 'OperationAborted'],
    isRetryable: false,
    toDo: 'something of this name is there already, or is being changed. Run the same command again in a minute; if it stays so, somebody else uses the name',
  },
  {
    codes: [
      'ValidationException',
      'ValidationError',
      'InvalidParameterException',
      'InvalidInput',
      'InvalidRequest',
      'PermanentRedirect',
    ],
    isRetryable: false,
    toDo: 'AWS takes the request to be wrong: change the setting that it names',
  },
  {
    codes: [
      'InternalServerException',
      'InternalFailure',
      'InternalError',
      'ServiceUnavailable',
      'ServiceUnavailableException',
      'ServiceException',
      'TimeoutError',
      'RequestTimeout',
      'RequestTimeoutException',
    ],
    isRetryable: true,
    toDo: 'AWS has failed itself, or did not answer in time. Run the same command again in some minutes',
  },
];

/** What a broken connection is called by Node. */
const UNREACHED = /^(ECONN|ENOTFOUND|EAI_|ENETUNREACH|EHOSTUNREACH|EPIPE|ETIMEDOUT|ERR_TLS|CERT_)/;

interface SdkError extends Error {
  $metadata?: { httpStatusCode?: number; attempts?: number };
  code?: string;
}

/**
 * Asks AWS.
 *
 * @param what was asked, for people: `start the training job ts-1`.
 * @throws {AwsError} it said no, or was not reached. Errors of the program itself pass through.
 */
export async function asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw awsError(error, what);
  }
}

/** An error of AWS's SDK by what is to be done about it; others are given back. */
function awsError(error: unknown, what: string): Error {
  const { name, message, $metadata, code } = error as SdkError;
  if (TouchstoneError.is(error) || name === 'AbortError') return error as Error;
  if (code !== undefined && UNREACHED.test(code)) {
    return new AwsError(
      `could not ${what}: AWS is out of reach (${code}: ${message}). Look at the network, a proxy, the region's name and AWS_ENDPOINT_URL; what runs at AWS goes on`,
      code,
      true,
      error,
    );
  }
  const kind = KINDS.find(({ codes }) => codes.includes(name));
  const status = $metadata?.httpStatusCode;
  if (!kind && status === undefined) return error as Error;
  if (!kind && status === 200) {
    return new AwsError(
      `could not ${what}: what AWS has answered cannot be read (${shorten(message, 200)}). Is AWS_ENDPOINT_URL the address of something else, or a proxy in between?`,
      name,
      true,
      error,
    );
  }
  const failedItself = (status ?? 0) >= 500;
  const toDo =
    kind?.toDo ??
    (failedItself
      ? 'run the same command again in some minutes'
      : 'this is not known here: look up the name in the documentation of AWS');
  return new AwsError(
    `could not ${what}: ${name}: ${shorten(message.trim() || `HTTP ${status}`, 500)}. To do: ${toDo}`,
    name,
    kind?.isRetryable ?? failedItself,
    error,
  );
}

/** Whether AWS says that there is no such thing. SageMaker says so in the words of a wrong request. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof AwsError)) return false;
  const { code, message } = error;
  if (
    [
      'ResourceNotFoundException',
      'ResourceNotFound',
      'NoSuchKey',
      'NotFound',
      'NoSuchEntityException',
    ].includes(code)
  )
    return true;
  return (
    (code === 'ValidationException' || code === 'ValidationError') &&
    /not found|could not find|does not exist|no such/i.test(message)
  );
}

/** Whether somebody else was there before, with the same name. */
export const isTaken = (error: unknown): boolean =>
  error instanceof AwsError &&
  ['ConflictException', 'ResourceInUse', 'ResourceConflictException'].includes(error.code);

/** Null where AWS says that there is no such thing. */
export async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
