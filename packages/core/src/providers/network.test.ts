import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { networkFetch, send } from './network.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(
  listener: RequestListener,
  options: ServerOptions = {},
): Promise<{ url: string; connections: () => number }> {
  const server = createServer(options, listener);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    connections: () => connections,
  };
}

const post = (url: string, signal?: AbortSignal) =>
  send(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'grün', signal });

describe('send', () => {
  it('sends bytes of UTF-8 with their length, reads the reply, and uses a connection again', async () => {
    const { url, connections } = await listen((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => (body += part));
      request.on('end', () => response.setHeader('x-length', request.headers['content-length']!).end(body));
    });
    for (let n = 0; n < 3; n++) {
      const reply = await post(url);
      expect([reply.status, reply.bytes.toString()]).toEqual([200, 'grün']);
      expect(reply.headers['x-length']).toBe('5');
    }
    expect(connections()).toBe(1);
  });

  it('rejects with the reason of the signal, before the call, while it waits and while the reply comes', async () => {
    const { url } = await listen((request, response) => {
      if (request.url === '/half') response.write('half');
    });
    const reason = new DOMException('too late', 'TimeoutError');
    const abortLater = (): AbortSignal => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 30);
      return controller.signal;
    };
    await expect(post(url, AbortSignal.abort(reason))).rejects.toBe(reason);
    await expect(post(url, abortLater())).rejects.toBe(reason);
    await expect(post(`${url}half`, abortLater())).rejects.toBe(reason);
  });

  it('rejects with a code when the connection breaks, before a reply and in the middle of one', async () => {
    const { url } = await listen((request, response) => {
      if (request.url === '/half') response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => response.destroy(), 20);
    });
    await expect(post(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(post(`${url}half`)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('waits for a reply longer than the server keeps an unused connection', async () => {
    const { url, connections } = await listen(
      (request, response) => {
        request.resume();
        setTimeout(() => response.end('late'), request.url === '/slow' ? 1600 : 0);
      },
      { keepAliveTimeout: 2000 },
    );
    const first = await post(url);
    expect(first.headers['keep-alive']).toBe('timeout=2');
    expect((await post(`${url}slow`)).bytes.toString()).toBe('late');
    expect(connections()).toBe(1);
  });

  it('gives up on a reply without end', async () => {
    const { url } = await listen((_, response) => {
      const megabyte = Buffer.alloc(2 ** 20);
      const more = (): void => {
        while (response.write(megabyte) && !response.destroyed);
      };
      response.on('drain', more);
      more();
    });
    await expect(post(url)).rejects.toMatchObject({ code: 'EMSGSIZE' });
  });
});

describe('networkFetch', () => {
  it('is fetch as provider packages use it, and follows no redirect', async () => {
    const { url } = await listen((request, response) =>
      response.writeHead(307, { location: '/', 'x-got': request.headers['x-sent'] }).end('moved'),
    );
    const response = await networkFetch(url, { method: 'POST', headers: { 'X-Sent': 'yes' }, body: '{}' });
    expect(response.status).toBe(307);
    expect(response.headers.get('x-got')).toBe('yes');
    expect(await response.text()).toBe('moved');
  });
});
