import { sha256 } from '@touchstone/store';

/** A request to a service of AWS that has no client of its own. */
export interface UnsignedRequest {
  method: 'GET' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  /** What is sent; undefined: nothing. */
  json: object | undefined;
  /** What it is signed for, such as `sagemaker-mlflow`. */
  service: string;
  region: string;
}

/**
 * Signs a request by AWS's rule (Signature Version 4), with the credentials that the default chain finds now.
 *
 * @throws {Error} it finds none.
 */
export async function signedRequest({
  method,
  url,
  headers,
  json,
  service,
  region,
}: UnsignedRequest): Promise<{
  url: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
}> {
  const [{ AwsV4Signer }, { defaultProvider }] = await Promise.all([
    import('aws4fetch'),
    import('@aws-sdk/credential-provider-node'),
  ]);
  const { accessKeyId, secretAccessKey, sessionToken } = await defaultProvider()();
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const signer = new AwsV4Signer({
    method,
    // A space is signed as %20, so it is sent as that.
    url: url.replaceAll('+', '%20'),
    headers: {
      ...headers,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      'x-amz-content-sha256': sha256(body.body ?? ''),
    },
    ...body,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    service,
    region,
  });
  const signed = await signer.sign();
  return { url: signed.url.toString(), method, headers: Object.fromEntries(signed.headers), ...body };
}
