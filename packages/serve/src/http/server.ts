import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RewardFunction } from '@touchstone/core';
import { InputError } from '@touchstone/spec';
import { scoreNovaEvent, type NovaOptions } from '../nova/score.js';
import { reportToStderr, type Report } from '../scoring/notice.js';
import { admit, isLoopback } from './access.js';
import { readJsonBody } from './body.js';
import { createDrain } from './drain.js';
import { answerNative } from './native.js';
import { Refusal } from './refusal.js';

export interface RewardServerOptions {
  reward: RewardFunction;
  /** What requests must carry as `Authorization: Bearer KEY`. Without it the server listens on loopback only. */
  key?: string | undefined;
  /** What an abstention becomes on the Nova wire. Default: `neutral`. */
  abstention?: NovaOptions['abstention'];
  /** Told of samples without a score and of faults. Default: a JSON line on standard error each. */
  report?: Report;
}

export interface RewardServer {
  /**
   * Starts to listen. Port 0 takes a free one.
   *
   * @returns the address, `http://host:port`.
   * @throws {InputError} when the host can be reached from elsewhere and there is no key, or the port cannot be had.
   */
  listen(at: { host: string; port: number }): Promise<string>;
  /** Takes no new requests, answers those in work, then ends. */
  close(): Promise<void>;
}

/**
 * The reward function over HTTP: `POST /v1/rewards` (native, see `answerNative`), `POST /` (an Amazon Nova reward event,
 * answered as the Lambda handler does) and `GET /health`. Errors are `{"error": {"message", "problems"?}}`.
 */
export function createRewardServer(options: RewardServerOptions): RewardServer {
  const { reward, key, abstention = 'neutral', report = reportToStderr } = options;

  async function answer(request: IncomingMessage): Promise<unknown> {
    const [path] = (request.url ?? '').split('?');
    switch (path) {
      case '/health':
        expectMethod(request, 'GET');
        return { status: 'ok' };
      case '/v1/rewards':
        expectMethod(request, 'POST');
        admit(request, key);
        return answerNative(await readJsonBody(request), reward, report);
      case '/':
        expectMethod(request, 'POST');
        admit(request, key);
        return scoreNovaEvent(await readJsonBody(request), reward, { abstention, report });
      default:
        throw new Refusal(404, 'no such path; there are POST /v1/rewards, POST / and GET /health');
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = { status: 200, body: await answer(request), headers: {} };
    } catch (error) {
      reply = describeError(error);
      // A client that hung up half way is no fault of ours.
      if (reply.status === 500 && request.complete) {
        report({ kind: 'internal-error', detail: error instanceof Error ? error.message : String(error) });
      }
    }
    // What is left of a refused body is read and dropped, or the client would never see the refusal.
    request.resume();
    const bytes = Buffer.from(JSON.stringify(reply.body));
    response.writeHead(reply.status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
      ...(drain.ending ? { connection: 'close' } : {}),
      ...reply.headers,
    });
    response.end(bytes);
  }

  const server = createServer((request, response) => void handle(request, response));
  const drain = createDrain(server);

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        if (key === undefined && !isLoopback(host)) {
          throw new InputError([
            {
              message: `host ${host} can be reached from other machines: set a key (the command line reads TOUCHSTONE_REWARD_KEY), or listen on 127.0.0.1`,
            },
          ]);
        }
        server.once('error', (cause) => {
          const code = 'code' in cause ? String(cause.code) : cause.message;
          reject(
            new InputError(
              [{ message: `cannot listen on ${host}, port ${port} (${code}): choose another` }],
              {
                cause,
              },
            ),
          );
        });
        server.listen(port, host, () => {
          const { port: taken } = server.address() as AddressInfo;
          resolve(`http://${host.includes(':') ? `[${host}]` : host}:${taken}`);
        });
      }),
    close: () => drain.end(),
  };
}

interface Reply {
  status: number;
  body: unknown;
  headers: Record<string, string>;
}

function describeError(error: unknown): Reply {
  if (error instanceof Refusal) {
    return { status: error.status, body: { error: { message: error.message } }, headers: error.headers };
  }
  if (error instanceof InputError) {
    const problems = error.problems.map(({ message }) => message);
    return { status: 400, body: { error: { message: error.message, problems } }, headers: {} };
  }
  return {
    status: 500,
    body: { error: { message: 'internal error; the server has reported it' } },
    headers: {},
  };
}

function expectMethod(request: IncomingMessage, method: string): void {
  if (request.method === method) return;
  throw new Refusal(405, `expected ${method}, got ${request.method ?? 'nothing'}`, { allow: method });
}
