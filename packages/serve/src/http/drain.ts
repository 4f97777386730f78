import type { IncomingMessage, Server } from 'node:http';
import { Server as NetServer } from 'node:net';

/** A request that is still arriving when the server is to end has this long to arrive. */
const ARRIVAL_MS = 10_000;
/**
 * Connections stay open until none of them had a request for so long: a client may just be sending one on a connection that
 * it was promised would stay open.
 */
const GRACE_MS = 1000;

/** Those who have connected are let in one in a turn of the event loop; the server shuts its door after so long anyway. */
const LET_IN_MS = 5000;

export interface Drain {
  /** Resolves when nobody waits any more to be let in: whoever does when the server stops listening is cut off. */
  letIn(): Promise<void>;
  /**
   * Takes no new connections, answers the requests that came and, for a moment, those that still come on old
   * connections, then closes every connection.
   */
  end(): Promise<void>;
}

/**
 * Ends `server` without losing a reply. The server's own `close` is not enough: it closes connections at once on which a
 * request may be on its way, and waits for as long as any client keeps one that it was not done with.
 */
export function createDrain(server: Server): Drain {
  const open = new Set<IncomingMessage>();
  let isOver = false;
  let grace: NodeJS.Timeout | undefined;
  const closeIfDone = (): void => {
    if (isOver && open.size === 0) server.closeAllConnections();
  };
  let connections = 0;
  server.on('connection', () => connections++);
  server.on('request', (request, response) => {
    open.add(request);
    if (grace !== undefined) isOver = false;
    grace?.refresh();
    response.once('close', () => {
      open.delete(request);
      closeIfDone();
    });
  });
  return {
    async letIn() {
      const until = performance.now() + LET_IN_MS;
      for (let seen = -1; seen !== connections && performance.now() < until;) {
        seen = connections;
        for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async end() {
      const closed = new Promise<void>((resolve, reject) => {
        // Of a server of any protocol: it stops listening and leaves connections alone.
        NetServer.prototype.close.call(server, (error) => (error ? reject(error) : resolve()));
      });
      grace = setTimeout(() => {
        isOver = true;
        closeIfDone();
      }, GRACE_MS);
      const cut = setTimeout(() => {
        for (const request of open) if (!request.complete) request.destroy();
      }, ARRIVAL_MS);
      await closed.finally(() => [grace, cut].forEach(clearTimeout));
    },
  };
}
