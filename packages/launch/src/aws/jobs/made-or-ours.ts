import { assertOurs } from './job.js';
import type { JobRequest } from './requests/common.js';

/** How a service keeps what a request makes, under the request's name. */
export interface Kept {
  /** For people, such as `the training job`. */
  what: string;
  /** Its ARN; undefined: there is none. */
  find(): Promise<string | undefined>;
  /** @returns its ARN. */
  make(): Promise<string>;
  /** Whether it may be there although it could not be made: another process was faster, or a reply was lost. */
  mayBeThere(error: unknown): boolean;
  tags(arn: string): Promise<Readonly<Record<string, string>>>;
}

/**
 * Makes what is asked for, or finds it.
 *
 * @returns its ARN, and whether it was there.
 * @throws {RunError} it cannot be made, or what is there is not of this request.
 */
export async function madeOrOurs(
  request: Omit<JobRequest<unknown>, 'body'>,
  kept: Kept,
): Promise<{ arn: string; found: boolean }> {
  const ours = async (arn: string): Promise<{ arn: string; found: boolean }> => {
    assertOurs(kept.what, request, await kept.tags(arn));
    return { arn, found: true };
  };
  const before = await kept.find();
  if (before !== undefined) return ours(before);
  try {
    return { arn: await kept.make(), found: false };
  } catch (error) {
    const after = kept.mayBeThere(error) ? await kept.find().catch(() => undefined) : undefined;
    if (after === undefined) throw error;
    return ours(after);
  }
}
