import { createServer } from 'node:http';
import { drawFate } from './fates.mjs';
import { createLedger } from './ledger.mjs';
import { judgeByRule } from './rule-judge.mjs';
import { createLimiter } from './token-bucket.mjs';
import { composeReply, reservedTokens, wireOf } from './wires.mjs';

/**
 * Starts the provider simulator: an HTTP server on loopback that speaks OpenAI's chat completions and Amazon Bedrock's
 * Converse and has a real provider's faults. `GET /report` gives the ledger as JSON.
 *
 * @param {{
 *   seed: number,
 *   limits: { requestsPerMinute: number, tokensPerMinute: number, burstSeconds: number } | null,
 *   behaviour: typeof import('./fates.mjs').PRODUCTION,
 * }} options
 */
export async function startProvider({ seed, limits, behaviour }) {
  const ledger = createLedger(limits === null ? 0 : (limits.requestsPerMinute / 60) * limits.burstSeconds);
  const limiter = createLimiter(limits);

  const server = createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      if (request.url === '/report') return send(response, 200, ledger.report());
      const wire = wireOf(decodeURIComponent(request.url.split('?')[0]));
      if (wire === undefined) return send(response, 404, { error: { message: 'no such path' } });
      answer(wire, wire.read(JSON.parse(Buffer.concat(parts).toString())), response);
    });
    request.on('error', () => response.destroy());
  });

  function answer(wire, asked, response) {
    const verdict = judgeByRule(asked.prompt);
    if (verdict === undefined)
      return send(response, 400, { error: { message: 'no candidate in the prompt' } });
    const { sample } = verdict;
    ledger.arrive(sample, asked.prompt);
    const reserved = reservedTokens(asked);
    const { retryAfterMs, by } = limiter.admit(reserved, performance.now());
    if (retryAfterMs > 0) {
      ledger.reject(by);
      const { body, headers } = wire.fail(429);
      return send(response, 429, body, { ...headers, 'retry-after': `${Math.ceil(retryAfterMs / 1000)}` });
    }
    const attempt = ledger.admit(sample, { promptTokens: reserved - asked.maxTokens, reserved });
    const fate = drawFate(behaviour, seed, sample, attempt);
    if (fate.kind !== 'reply') ledger.decideToFail();
    const { body, outputTokens } = composeReply(wire, asked, verdict, fate);

    let isSettled = false;
    const settle = (outcome, more = {}) => {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      ledger.settle(sample, outcome, more);
      limiter.giveBack(asked.maxTokens - (more.outputTokens ?? 0), performance.now());
    };
    const act = {
      reply: () => send(response, 200, body, {}, () => settle('reply', { outputTokens })),
      malformed: () => send(response, 200, body, {}, () => settle('malformed', { outputTokens })),
      serverError: () => {
        const failure = wire.fail(503);
        send(response, 503, failure.body, failure.headers, () => settle('serverError'));
      },
      reset: () => {
        settle('reset');
        response.socket?.resetAndDestroy();
      },
    }[fate.kind];
    // A hang has no timer: it ends when the client hangs up.
    const timer = act && setTimeout(act, fate.latencyMs);
    response.on('close', () => {
      if (fate.kind === 'hang') settle('hang');
      else settle('cancelled', { wouldBeUseful: fate.kind === 'reply' });
    });
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', 4096, resolve));
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    ledger,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function send(response, status, body, headers = {}, onDone = () => {}) {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text, onDone);
}
