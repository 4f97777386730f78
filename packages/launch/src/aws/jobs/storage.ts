import { InputError } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';

/** Where files of jobs lie in S3. */
export interface Storage {
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
  /** The key that S3 encrypts with; null: the bucket's own setting. */
  kmsKeyId: string | null;
}

/** A file for a job. */
export interface JobFile {
  /** Its last name: what a container sees it under. */
  name: string;
  body: string | Buffer;
}

/** @param uri such as `s3://bucket/a/b/`. @throws {InputError} it is none. */
export function storageOf(uri: string, kmsKeyId: string | null = null): Storage {
  const { bucket, key } = s3Of(uri);
  return { bucket, prefix: key.replaceAll(/^\/+|\/+$/g, ''), kmsKeyId };
}

/** The bucket and the key of an S3 URI. @throws {InputError} it is none that every service of AWS takes. */
export function s3Of(uri: string): { bucket: string; key: string } {
  const [, bucket, key = ''] =
    /^s3:\/\/([a-z0-9][-.a-z0-9]{1,61}[a-z0-9])(?:\/((?:[-!_*'().a-zA-Z0-9=]+\/?)*))?$/.exec(uri) ?? [];
  if (bucket === undefined || uri.length > 1024) {
    throw new InputError([
      {
        message: `${uri}: expected s3://BUCKET/PREFIX of letters, digits and - ! _ * ' ( ) . =, at most 1024 characters`,
      },
    ]);
  }
  return { bucket, key };
}

/** The key of a file is made of what is in it, so that whoever uploads it again changes nothing. */
export function keyOf({ prefix }: Pick<Storage, 'prefix'>, { name, body }: JobFile): string {
  if (!/^[\w.-]+$/.test(name)) throw new TypeError(`${name} cannot be the name of a job's file`);
  return [prefix, 'inputs', sha256(body).slice(0, 24), name].filter((part) => part !== '').join('/');
}

/** Where a file will be: known before anything is sent. */
export const uriOf = (storage: Storage, file: JobFile): string =>
  `s3://${storage.bucket}/${keyOf(storage, file)}`;

/** Where a job writes what comes out of it: a folder that no other job writes into. */
export const outputUri = ({ bucket, prefix }: Pick<Storage, 'bucket' | 'prefix'>): string =>
  `s3://${[bucket, prefix, 'outputs'].filter((part) => part !== '').join('/')}/`;
