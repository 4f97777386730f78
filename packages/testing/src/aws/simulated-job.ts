/** A job that trains when it is told to. */
export interface SimulatedJob {
  readonly name: string;
  readonly arn: string;
  /** The request that made it. */
  readonly body: Record<string, unknown>;
  readonly status: string;
  /** Prints lines, as SageMaker's container does, or writes Bedrock's table of steps (its lines, the header among them). */
  write(...lines: string[]): void;
  /** Ends it as a job ends that has trained: with a checkpoint, a model package or a custom model. */
  complete(): void;
  fail(reason: string): void;
  stopped(): void;
}

export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

/** Twelve letters and digits, such as AWS ends an ARN with, made of a name. */
export function twelve(name: string): string {
  let hash = 7n;
  for (const code of Buffer.from(name)) hash = (hash * 1_099_511_628_211n + BigInt(code)) % 36n ** 12n;
  return hash.toString(36).padStart(12, '0');
}
