import { once } from 'node:events';
import { createServer } from 'node:http';
import { openTouchstone, toRollout } from './clients/open-touchstone.mjs';

/** What stands in the captured request for the document and for the candidate. */
export const PLACES = { document: 'DOCUMENT-GOES-HERE', response: 'RESPONSE-GOES-HERE' };

/**
 * The body of one judge call as Touchstone sends it, with a place for the document and for the candidate, so that the bare
 * loop can send the very same.
 */
export async function captureRequest({ seed, maxTokens }) {
  const server = createServer().listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const reward = await openTouchstone({
      model: {
        model: 'openai-compatible:simulator',
        base_url: `http://127.0.0.1:${server.address().port}/v1`,
      },
      seed,
      maxTokens,
      concurrency: 1,
      timeoutSeconds: 10,
      attempts: 1,
    });
    const scored = reward.score([toRollout({ id: 's-000000', ...PLACES })]);
    const [request, response] = await once(server, 'request');
    const parts = await request.toArray();
    // The capture is all that is wanted: a refusal ends the call.
    response.writeHead(400, { 'content-type': 'application/json' }).end('{}');
    await scored;
    return Buffer.concat(parts).toString();
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
