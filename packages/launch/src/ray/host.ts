import { connect } from 'node:net';
import { RunError } from '@touchstone/spec';

const LIMIT_MS = 10_000;

/**
 * The address of this machine from which it reaches a server: what that machine reaches it under, unless something between them
 * translates addresses. Loopback stays loopback.
 *
 * @throws {RunError} the server is out of reach.
 */
export function addressTowards(url: string): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || (protocol === 'https:' ? 443 : 80),
      timeout: LIMIT_MS,
    });
    const fail = (why: string, cause?: unknown): void => {
      socket.destroy();
      reject(
        new RunError(
          `the Ray dashboard at ${url} is out of reach (${why}): look whether the cluster runs, and whether training.ray.address is right`,
          { cause },
        ),
      );
    };
    socket.once('connect', () => {
      const { localAddress } = socket;
      socket.destroy();
      if (localAddress === undefined) fail('the connection was lost at once');
      else resolve(localAddress.replace(/^::ffff:/, ''));
    });
    socket.once('timeout', () => fail(`no answer within ${LIMIT_MS / 1000} s`));
    socket.once('error', (cause: NodeJS.ErrnoException) => fail(cause.code ?? cause.message, cause));
  });
}
