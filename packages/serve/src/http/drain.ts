import type { IncomingMessage, Server } from 'node:http';

/** A request that is still arriving when the server is to end has this long to arrive. */
const ARRIVAL_MS = 10_000;

export interface Drain {
  /** The server is ending: replies should close their connections. */
  readonly ending: boolean;
  /** Takes no new requests, waits for the replies to those that came, then closes every connection. */
  end(): Promise<void>;
}

/**
 * Ends `server` without losing a reply. The server's own `close` is not enough: it waits for as long as any client keeps
 * a connection without a request.
 */
export function createDrain(server: Server): Drain {
  const open = new Set<IncomingMessage>();
  let ending = false;
  const closeIfDone = (): void => {
    if (ending && open.size === 0) server.closeAllConnections();
  };
  server.on('request', (request, response) => {
    open.add(request);
    response.once('close', () => {
      open.delete(request);
      closeIfDone();
    });
  });
  return {
    get ending() {
      return ending;
    },
    async end() {
      ending = true;
      const closed = new Promise<void>((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
      });
      closeIfDone();
      const cut = setTimeout(() => {
        for (const request of open) if (!request.complete) request.destroy();
      }, ARRIVAL_MS);
      await closed.finally(() => clearTimeout(cut));
    },
  };
}
