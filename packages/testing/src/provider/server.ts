import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ProviderSimulator, type Delivery, type ProviderOptions } from './provider.js';
import { wireOf, type Wire } from './wires.js';

export interface ProviderServer {
  /** Without a path: the base of Amazon Bedrock's wire, and of `GET /report`, which gives the ledger as JSON. */
  origin: string;
  /** For `base_url` of an OpenAI-compatible model. */
  url: string;
  provider: ProviderSimulator;
  /** Nothing listens at the address any more, and open connections are cut. */
  goDown(): Promise<void>;
  /** Listens at the same address again. */
  comeBack(): Promise<void>;
}

/** A provider on real HTTP on loopback: OpenAI's chat completions and Amazon Bedrock's Converse. */
export async function startProvider(options: ProviderOptions): Promise<ProviderServer> {
  const provider = new ProviderSimulator(options);
  let server: Server;
  let port = 0;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent(request.url!.split('?')[0]!);
    if (path === '/report') return void (await send(response, 200, provider.ledger.report()));
    const wire = wireOf(path);
    const body = Buffer.concat((await request.toArray()) as Buffer[]).toString();
    if (wire === undefined) return void (await send(response, 404, { error: { message: 'no such path' } }));
    const asked = wire.read(JSON.parse(body) as never, path, request.headers.authorization);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    await provider.answer(asked, gone.signal, (delivery) => {
      if (delivery.kind === 'reset') {
        response.socket?.resetAndDestroy();
        return true;
      }
      if (delivery.kind === 'reply') return send(response, 200, wire.write(delivery.reply, asked.tool));
      return sendFailure(response, wire, delivery);
    });
  };
  const simulator: ProviderServer = {
    origin: '',
    url: '',
    provider,
    goDown: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: () =>
      new Promise((resolve) => {
        server = createServer((request, response) => {
          // A client that goes away in the middle of its request is no failure here; a defect must be seen.
          handle(request, response).catch((error: unknown) =>
            request.destroyed && !request.complete
              ? response.destroy()
              : void send(response, 500, { error: { message: String(error) } }),
          );
        });
        server.listen(port, '127.0.0.1', 4096, () => {
          ({ port } = server.address() as AddressInfo);
          simulator.origin = `http://127.0.0.1:${port}`;
          simulator.url = `${simulator.origin}/v1`;
          resolve();
        });
      }),
  };
  await simulator.comeBack();
  return simulator;
}

type Failure = Extract<Delivery, { kind: 'failure' }>;

function sendFailure(response: ServerResponse, wire: Wire, failure: Failure): Promise<boolean> {
  const { body, headers } = wire.fail(failure);
  const { retryAfterSeconds: wait } = failure;
  return send(response, failure.status, failure.body ?? body, {
    ...headers,
    ...failure.headers,
    ...(wait === undefined ? {} : { 'retry-after': `${wait}` }),
  });
}

/** Resolves to whether all of it has left before the client hung up. */
function send(response: ServerResponse, status: number, body: unknown, headers = {}): Promise<boolean> {
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    response.once('close', () => resolve(false));
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(text, () => resolve(true));
  });
}
