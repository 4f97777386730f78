import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsFault, type Call, type Reply } from './call.js';

/** Objects of S3 by their paths, `bucket/key`; every bucket is there but those that are called so. */
export class S3Side {
  readonly objects = new Map<string, Buffer>();
  /** Buckets that nobody may look into. */
  readonly closed = new Set<string>();

  put(path: string, body: Buffer): void {
    this.objects.set(path, body);
  }

  call(request: IncomingMessage, url: URL, body: Buffer): Call {
    const path = decodeURIComponent(url.pathname).slice(1);
    const [bucket = ''] = path.split('/');
    const isList = url.searchParams.get('list-type') === '2';
    const operations: Record<string, string> = {
      PUT: 'PutObject',
      HEAD: 'HeadObject',
      GET: isList ? 'ListObjectsV2' : 'GetObject',
    };
    const operation = operations[request.method!] ?? `${request.method} of S3`;
    return {
      service: 's3',
      operation,
      run: () => {
        if (this.closed.has(bucket)) throw new AwsFault('AccessDenied', 'Access Denied', 403);
        if (bucket.startsWith('missing'))
          throw new AwsFault('NoSuchBucket', 'The specified bucket does not exist', 404);
        if (operation === 'PutObject') return this.write(request, path, body);
        return isList ? this.list(bucket, url.searchParams) : this.read(path);
      },
      failed: ({ code, message, status }) => ({
        status: status ?? 400,
        headers: { 'content-type': 'application/xml' },
        body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
      }),
    };
  }

  private write(request: IncomingMessage, path: string, body: Buffer): Reply {
    const expected = request.headers['x-amz-checksum-sha256'];
    if (typeof expected === 'string' && expected !== createHash('sha256').update(body).digest('base64'))
      throw new AwsFault('BadDigest', 'The SHA-256 you specified did not match');
    this.objects.set(path, body);
    return { headers: { etag: tagOf(body) } };
  }

  private read(path: string): Reply {
    const body = this.objects.get(path);
    if (!body) throw new AwsFault('NoSuchKey', 'The specified key does not exist.', 404);
    return { headers: { 'content-length': String(body.length), etag: tagOf(body) }, body };
  }

  private list(bucket: string, asked: URLSearchParams): Reply {
    const prefix = `${bucket}/${asked.get('prefix') ?? ''}`;
    const found = [...this.objects]
      .filter(([path]) => path.startsWith(prefix))
      .slice(0, Number(asked.get('max-keys') ?? 1000));
    const contents = found.map(
      ([path, body]) =>
        `<Contents><Key>${path.slice(bucket.length + 1)}</Key><Size>${body.length}</Size><ETag>${tagOf(body)}</ETag></Contents>`,
    );
    return {
      headers: { 'content-type': 'application/xml' },
      body: `<?xml version="1.0"?><ListBucketResult><Name>${bucket}</Name><KeyCount>${found.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    };
  }
}

const tagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
