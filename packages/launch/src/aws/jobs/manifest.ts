import { RunError } from '@touchstone/spec';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { PassThrough } from 'node:stream';
import { z } from 'zod';
import { parseOrNull } from '../../json.js';
import type { AwsClients } from './clients.js';
import { asking, AwsError, orNull } from './errors.js';
import type { JobResult } from './job.js';
import { fileInTar } from './tar.js';

/** What a Nova training leaves behind of its checkpoint. */
const MANIFEST = 'manifest.json';
const MOST_BYTES = 2 ** 20;

const manifestSchema = z.looseObject({ checkpoint_s3_bucket: z.string() });

/**
 * The checkpoint of a completed Nova training, by its manifest: in `output.tar.gz` of a training job, as a file of a serverless one.
 *
 * @param uri the job's own folder, such as `s3://bucket/outputs/NAME`.
 * @throws {RunError} there is no manifest, it says nothing of a checkpoint, or that is empty.
 */
export async function checkpointOf(clients: Pick<AwsClients, 's3'>, uri: string): Promise<JobResult> {
  const folder = uri.replace(/\/+$/, '');
  const [where, text] = await manifestIn(clients, folder);
  const { success, data } = manifestSchema.safeParse(parseOrNull(text));
  const found = success ? /^s3:\/\/([a-z0-9][-.a-z0-9]+)\/(\S+)$/.exec(data.checkpoint_s3_bucket) : null;
  if (!found) {
    throw new RunError(
      `${where}: expected JSON with checkpoint_s3_bucket, the s3:// URI of a checkpoint; it says ${text.slice(0, 200)}`,
    );
  }
  const [checkpoint, bucket, prefix] = found as unknown as [string, string, string];
  return {
    kind: 'checkpoint',
    uri: checkpoint,
    unchecked: await whyUnchecked(clients, checkpoint, bucket, prefix),
  };
}

async function manifestIn(
  clients: Pick<AwsClients, 's3'>,
  folder: string,
): Promise<[where: string, text: string]> {
  const packed = `${folder}/output/output.tar.gz`;
  const archive = await objectAt(clients, packed);
  if (archive) {
    const unpacked = new PassThrough();
    const piped = pipeline(archive, createGunzip(), unpacked).catch((error: unknown) =>
      unpacked.destroy(error as Error),
    );
    try {
      const file = await fileInTar(unpacked, MANIFEST, MOST_BYTES);
      if (file) return [`${packed}: ${MANIFEST}`, file.toString()];
    } catch (error) {
      throw new RunError(`${packed} cannot be read: ${(error as Error).message}`, { cause: error });
    } finally {
      unpacked.destroy();
      archive.destroy();
      await piped;
    }
  }
  const plain = [`${folder}/output/output/${MANIFEST}`, `${folder}/${MANIFEST}`];
  for (const where of plain) {
    const body = await objectAt(clients, where);
    if (body) return [where, Buffer.concat(await body.toArray()).toString()];
  }
  throw new RunError(
    `the job has completed and says nothing of a checkpoint: expected ${MANIFEST} in ${packed}, or as ${plain.join(' or ')}`,
  );
}

async function objectAt(clients: Pick<AwsClients, 's3'>, uri: string): Promise<Readable | null> {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const s3 = await clients.s3();
  const found = await orNull(asking(`read ${uri}`, () => s3.getObject({ Bucket, Key })));
  return found && (found.Body as Readable);
}

async function whyUnchecked(
  clients: Pick<AwsClients, 's3'>,
  uri: string,
  Bucket: string,
  Prefix: string,
): Promise<string | null> {
  const s3 = await clients.s3();
  try {
    const { KeyCount } = await asking(`look into ${uri}`, () =>
      s3.listObjectsV2({ Bucket, Prefix, MaxKeys: 1 }),
    );
    if ((KeyCount ?? 0) > 0) return null;
  } catch (error) {
    if (
      error instanceof AwsError &&
      ['AccessDenied', 'AccessDeniedException', 'Forbidden'].includes(error.code)
    )
      return `whoever asks may not look into ${Bucket}: ${error.code}`;
    throw error;
  }
  throw new RunError(`the job names the checkpoint ${uri}, and nothing is there: was it deleted?`);
}
