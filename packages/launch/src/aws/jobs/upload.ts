import { createHash } from 'node:crypto';
import type { AwsClients } from './clients.js';
import { asking, orNull } from './errors.js';
import { type JobFile, keyOf, type Storage, uriOf } from './storage.js';

/**
 * Puts files into S3, at keys made of what is in them: what is there already is not sent again. S3 checks the hash of what arrives.
 *
 * @returns the URI of each, in order.
 * @throws {AwsError} the bucket is not there, or may not be written.
 */
export async function upload(
  clients: Pick<AwsClients, 's3'>,
  storage: Storage,
  files: readonly JobFile[],
): Promise<string[]> {
  const s3 = await clients.s3();
  const uris: string[] = [];
  for (const file of files) {
    const at = { Bucket: storage.bucket, Key: keyOf(storage, file) };
    const uri = uriOf(storage, file);
    const body = Buffer.from(file.body);
    const known = await orNull(asking(`look for ${uri}`, () => s3.headObject(at)));
    if (known?.ContentLength !== body.length) {
      await asking(`write ${uri}`, () =>
        s3.putObject({
          ...at,
          Body: body,
          ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
          ...(storage.kmsKeyId === null
            ? {}
            : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: storage.kmsKeyId }),
        }),
      );
    }
    uris.push(uri);
  }
  return uris;
}
