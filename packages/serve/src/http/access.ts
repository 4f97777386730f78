import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { Refusal } from './refusal.js';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether only this machine can reach a server that listens on `host`, a name or an address. */
export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0
    ? host.toLowerCase() === 'localhost'
    : LOOPBACK.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** Who may ask. */
export interface Access {
  /** What requests must carry. */
  key?: string | undefined;
  /** In place of the key its SHA-256 in hex, for whoever goes on with a server whose key nobody has written down. */
  keyHash?: string | undefined;
  /** Something in front of the server lets in who may: it takes requests for any host and asks for no key. */
  isOpen?: boolean | undefined;
}

/**
 * Lets a request in or refuses it. With a key, it must carry it: as `Authorization: Bearer KEY`, as `X-Api-Key: KEY`, or
 * as the password of Basic authentication, which is what trainers make of `http://any:KEY@host/`. Without one the server
 * is on loopback, and the request must name it by a loopback name: a web page that the user has open could otherwise
 * reach it through a name of its own that points here.
 *
 * @throws {Refusal} 401 or 403.
 */
export function admit(request: IncomingMessage, { key, keyHash, isOpen = false }: Access): void {
  const expected = key === undefined ? keyHash : sha256(key);
  if (expected !== undefined) {
    const given = keyOf(request);
    if (given === undefined || !isSame(sha256(given), expected)) {
      throw new Refusal(401, 'expected the header "Authorization: Bearer KEY" with the key of this server', {
        'www-authenticate': 'Bearer',
      });
    }
    return;
  }
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isOpen && !isLoopback(name)) {
    throw new Refusal(403, 'expected a request to localhost: without a key this server is for this machine');
  }
}

function keyOf({ headers }: IncomingMessage): string | undefined {
  const apiKey = headers['x-api-key'];
  if (typeof apiKey === 'string') return apiKey.trim();
  const [, scheme, given] = /^(Bearer|Basic) +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (given === undefined || scheme?.toLowerCase() === 'bearer') return given;
  const credentials = Buffer.from(given, 'base64').toString();
  const colon = credentials.indexOf(':');
  return colon === -1 ? undefined : credentials.slice(colon + 1);
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** In constant time. */
function isSame(hashA: string, hashB: string): boolean {
  const [a, b] = [Buffer.from(hashA), Buffer.from(hashB)];
  return a.length === b.length && timingSafeEqual(a, b);
}
