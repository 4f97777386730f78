import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { headerProblem, type Meant, type RewardFunction } from '@touchstone/core';
import { InputError, type AbstentionPolicy } from '@touchstone/spec';
import type { NovaOptions } from '../function/nova/score.js';
import { Rendezvous } from '../rendezvous/rendezvous.js';
import { startDeadline } from '../scoring/deadline.js';
import { reportToStderr, type Report } from '../scoring/notice.js';
import { isLoopback, type Access } from './access.js';
import { createDrain } from './drain.js';
import { createHandlers, type CertificateNotice } from './handlers.js';
import { createListener } from './listener.js';
import type { RequestRecord } from './log.js';
import { createTelemetry, type Telemetry } from './telemetry.js';

export interface RewardServerOptions {
  reward: RewardFunction;
  /**
   * On `POST /v1/rewards` a task without a reference is refused where a field looks like it, but for these, which the configuration names.
   * Default: `all`, none is refused.
   */
  meant?: Meant;
  /** What requests must carry; see `admit`. Without it the server listens on loopback only. */
  key?: string | undefined;
  /** In place of the key its SHA-256 in hex, where another process has given it to the clients and nobody wrote it down. */
  keyHash?: string | undefined;
  /** No key is needed though others can reach the server: something in front of it lets in who may. */
  isOpen?: boolean;
  /**
   * What a sample without a score becomes on a wire that must carry a number: `neutral` (default, and for `mask`) is 0.5,
   * `group-mean` the mean of its group as far as it is known, `fail` the status 503 on every wire that has no word for it.
   */
  abstention?: AbstentionPolicy;
  /** What scores of 0 and 1 become on AWS's wire, `POST /`. Default: 0 and 1. */
  novaRange?: NovaOptions['range'];
  /** Answers of a group that come one by one are judged together; how many there are. Default: as requests say. */
  groupSize?: number | undefined;
  /** Milliseconds an answer waits for the others of its group. Default: 30 s. */
  groupWaitMs?: number;
  /** Why no traffic should come now, for `GET /ready`; undefined when it may. */
  ready?: () => string | undefined | Promise<string | undefined>;
  /** The judge's certificate, for `GET /health`. Default: null, it has none. */
  certificate?: CertificateNotice | null;
  /** Told of samples without a score and of faults. Default: a JSON line on standard error each. */
  report?: Report;
  /** Told of every answered request but those for health and measurements. */
  log?: (record: RequestRecord) => void;
  /** Notices of samples without a score hold the prompt and the answer. */
  logPrompts?: boolean;
  telemetry?: Telemetry;
}

export interface RewardServer {
  /**
   * Starts to listen. Port 0 takes a free one.
   *
   * @returns the address, `http://host:port`.
   * @throws {InputError} when the host can be reached from elsewhere and there is no key, or the port cannot be had.
   */
  listen(at: { host: string; port: number }): Promise<string>;
  /**
   * Takes no new connections, answers the requests in work and those that still come on old connections, then ends.
   * Every reply from then on closes its connection.
   */
  close(how?: Closing): Promise<void>;
}

interface Closing {
  /** Goes on taking connections this long while `GET /ready` says no, so that a load balancer looks away first. */
  afterMs?: number;
  /** After this long what is not judged yet counts as abstained, and is answered so. Default: none. */
  limitMs?: number;
  /** What is not judged by then is cut off without a word, for clients that ask again and wait for the next server. */
  cuts?: boolean;
}

const GROUP_WAIT_MS = 30_000;
/**
 * A connection without a request is kept this long: longer than load balancers and clients keep theirs, so that it is never
 * this side that closes one on which a request is on its way.
 */
const KEEP_ALIVE_MS = 90_000;
/** When the time to end is over, replies have this long to be read. */
const LAST_REPLIES_MS = 2000;
/** A request's headers have this long to arrive; more than what precedes them. */
const HEADERS_MS = KEEP_ALIVE_MS + 10_000;

/**
 * The reward function over HTTP, on the wires of several trainers: see `OPERATIONS`, or `GET /openapi.json` of a running
 * server. Errors are `{"error": {"message", "problems"?}}`.
 */
export function createRewardServer(options: RewardServerOptions): RewardServer {
  const { reward, key, keyHash, isOpen = false, report = reportToStderr, log = () => {} } = options;
  const telemetry = options.telemetry ?? createTelemetry();
  const rendezvous = new Rendezvous({ reward });
  telemetry.watchGroups(rendezvous);
  let isEnding = false;
  const stop = new AbortController();
  // Every request in work listens; Node warns of more than ten.
  setMaxListeners(0, stop.signal);
  const handlers = createHandlers({
    reward,
    rendezvous,
    groupSize: options.groupSize,
    groupWaitMs: options.groupWaitMs ?? GROUP_WAIT_MS,
    policy: options.abstention ?? 'neutral',
    meant: options.meant ?? 'all',
    novaRange: options.novaRange,
    logPrompts: options.logPrompts ?? false,
    report,
    telemetry,
    ready: options.ready ?? (() => undefined),
    isEnding: () => isEnding,
    certificate: options.certificate ?? null,
  });
  const access: Access = { key, keyHash, isOpen };
  let isClosing = false;
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_MS },
    createListener({
      handlers,
      access,
      telemetry,
      report,
      log,
      isClosing: () => isClosing,
      stop: stop.signal,
    }),
  );
  const drain = createDrain(server);

  return {
    listen: (at) => listen(server, access, at),
    async close({ afterMs = 0, limitMs = Infinity, cuts = false } = {}) {
      isEnding = true;
      isClosing = afterMs > 0;
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      await drain.letIn();
      isClosing = true;
      const ended = drain.end();
      // A part of a group is judged otherwise than the whole of it, which asks again.
      if (!cuts) rendezvous.flush();
      const limit = startDeadline(limitMs);
      let lastReplies: NodeJS.Timeout | undefined;
      limit.signal.addEventListener('abort', () => {
        if (cuts) return server.closeAllConnections();
        stop.abort(limit.signal.reason);
        lastReplies = setTimeout(() => server.closeAllConnections(), LAST_REPLIES_MS);
      });
      await ended.finally(() => {
        limit.end();
        clearTimeout(lastReplies);
      });
    },
  };
}

/** @returns the address, `http://host:port`. */
function listen(
  server: Server,
  { key, keyHash, isOpen }: Access,
  { host, port }: { host: string; port: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (key === undefined && keyHash === undefined && !isOpen && !isLoopback(host)) {
      throw new InputError([
        {
          message: `host ${host} can be reached from other machines: set a key (the command line reads TOUCHSTONE_REWARD_KEY), or listen on 127.0.0.1`,
        },
      ]);
    }
    const problem = key === undefined ? undefined : headerProblem(key);
    if (problem !== undefined) throw new InputError([{ message: `the key of this server ${problem}` }]);
    server.once('error', (cause) => {
      const code = 'code' in cause ? String(cause.code) : cause.message;
      const message = `cannot listen on ${host}, port ${port} (${code}): choose another`;
      reject(new InputError([{ message }], { cause }));
    });
    server.listen(port, host, () => {
      const { port: taken } = server.address() as AddressInfo;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${taken}`);
    });
  });
}
