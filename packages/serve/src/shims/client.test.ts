import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRewardServer, type RewardServer } from '../http/server.js';
import { simulatedReward } from '@touchstone/testing';
import { noPython, pythonFolder, type PythonFolder } from './python.testing.js';

const KEY = 'the-key-of-the-test';

describe.skipIf(noPython)(`the client of the shims${noPython ? ` (${noPython})` : ''}`, () => {
  let python: PythonFolder;
  let server: RewardServer;
  let url: string;
  const between: Server[] = [];

  beforeAll(async () => {
    python = await pythonFolder();
    server = createRewardServer({ reward: simulatedReward(), key: KEY, report: () => {} });
    url = await server.listen({ host: '127.0.0.1', port: 0 });
  });
  afterEach(async () => {
    for (const one of between.splice(0)) {
      one.closeAllConnections();
      await new Promise((resolve) => one.close(resolve));
    }
  });
  afterAll(async () => {
    await server.close();
    python.remove();
  });

  /** Something between client and server that answers the first requests itself: `faults[i]` is called for the i-th. */
  async function unreliable(
    ...faults: ((request: IncomingMessage, response: ServerResponse) => void)[]
  ): Promise<{ url: string; requests: () => number }> {
    let count = 0;
    const front = createServer((request, response) => {
      const fault = faults[count++];
      if (fault !== undefined) return fault(request, response);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { authorization } = request.headers;
        const headers = { 'content-type': 'application/json', authorization: authorization ?? '' };
        void fetch(`${url}${request.url}`, { method: 'POST', headers, body: Buffer.concat(chunks) })
          .then(async (reply) => response.writeHead(reply.status).end(await reply.text()))
          .catch(() => response.destroy());
      });
    });
    between.push(front);
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port } = front.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, requests: () => count };
  }

  /** Scores answers of the simulator's kind, each a task and a group of its own. Prints scores or what was raised. */
  const score = (at: string, answers: object[], env: Record<string, string> = {}): Promise<unknown> =>
    python.run(
      `
import json, touchstone_trl as shim
answers = json.loads('''${JSON.stringify(answers)}''')
try:
    rollouts = [
        shim.as_rollout("q%d" % i, json.dumps([answer]), {"document": answer.get("document")}, i)
        for i, answer in enumerate(answers)
    ]
    print(json.dumps([record["score"] for record in shim.score_rollouts(rollouts)]))
except shim.TouchstoneError as error:
    print(json.dumps(str(error)))
`,
      { TOUCHSTONE_REWARD_URL: at, TOUCHSTONE_REWARD_KEY: KEY, ...env },
    );
  const good = { quote: 'due', grade: 5, document: 'due in 30 days' };
  const lacking = { quote: 'due', grade: 5 };

  it('tries again after a refused connection, a reset, a cut reply and 503, and waits as told', async () => {
    const front = await unreliable(
      (request) => request.socket.destroy(),
      (_, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write('{"rewards"');
        setTimeout(() => response.destroy(), 20);
      },
      (_, response) => response.writeHead(503, { 'retry-after': '1' }).end('{}'),
      (_, response) => response.writeHead(503, { 'retry-after': new Date().toUTCString() }).end('no JSON'),
    );
    expect(await score(front.url, [good])).toEqual([1]);
    expect(front.requests()).toBe(5);
  });

  it('says that the server was out of reach, after the time it was given', async () => {
    const free = await unreliable();
    for (const one of between.splice(0)) await new Promise((resolve) => one.close(resolve));
    expect(await score(free.url, [good], { TOUCHSTONE_REWARD_TIMEOUT: '1' })).toMatch(
      /^no reward within 1 s \(TOUCHSTONE_REWARD_TIMEOUT\); last: .*refused/,
    );
    const busy = await unreliable((_, response) => response.writeHead(503, { 'retry-after': '3600' }).end());
    expect(await score(busy.url, [good])).toMatch(/^no reward within 600 s .*; last: HTTP 503/);
    expect(busy.requests()).toBe(1);
  });

  it('says at once what is wrong with the set-up, and never the key', async () => {
    const wrong = 'wrong-secret-key';
    expect(await score(url, [good], { TOUCHSTONE_REWARD_KEY: wrong })).toMatch(
      /^the reward server refused: HTTP 401: .*; is TOUCHSTONE_REWARD_KEY the server's key\?$/,
    );
    const front = await unreliable();
    const said = await python.run(
      `
import json, logging, sys, touchstone_trl as shim
logging.basicConfig(level=0, stream=sys.stdout)
try: shim.score_rollouts([shim.as_rollout("q", "a", {}, 0)])
except shim.TouchstoneError as error: print(json.dumps(str(error)))
`,
      { TOUCHSTONE_REWARD_URL: front.url, TOUCHSTONE_REWARD_KEY: wrong },
    );
    expect([said, front.requests()]).toEqual([expect.not.stringContaining(wrong), 1]);
    expect(await score('', [good])).toMatch(/^set TOUCHSTONE_REWARD_URL /);
    expect(await score('file:///etc/passwd', [good])).toMatch(/^set TOUCHSTONE_REWARD_URL /);
  });

  it('does not follow a redirect, which would carry the key elsewhere', async () => {
    const elsewhere = await unreliable();
    const front = await unreliable((_, response) =>
      response.writeHead(302, { location: `${elsewhere.url}/v1/rewards` }).end(),
    );
    expect(await score(front.url, [good])).toMatch(/refused: HTTP 302/);
    expect(elsewhere.requests()).toBe(0);
  });

  it.each([
    'null',
    '<html>',
    '{"rewards": []}',
    '{"rewards": [{"id": "0", "status": "scored", "score": 1.5}]}',
    '{"rewards": [{"id": "0", "status": "scored", "score": NaN}]}',
    '{"rewards": [{"id": "0", "status": "scored", "score": true}]}',
    '{"rewards": [{"id": "0", "status": "scored", "score": null}]}',
    '{"rewards": [{"id": "1", "status": "scored", "score": 1}]}',
    '{"rewards": [3]}',
  ])('takes no number from a reply that is not a reward: %s', async (reply) => {
    const front = await unreliable((_, response) => response.writeHead(200).end(reply));
    expect(await score(front.url, [good])).toMatch(/is no reward server/);
  });

  it('is told of tasks that lack something: a wrong set-up at the start, an abstention later', async () => {
    expect(await score(url, [lacking, lacking])).toMatch(
      /no reward .*: task .*metadata\.document is missing/,
    );
    expect(await score(url, [lacking, good, { ...good, does: 'fail' }])).toEqual([null, 1, null]);
  });

  it('asks for many groups at once and keeps their order', async () => {
    const answers = Array.from({ length: 200 }, (_, i) => ({ ...good, grade: 1 + (i % 5) }));
    const expected = answers.map(({ grade }) => 0.25 + (0.75 * (grade - 1)) / 4);
    expect(await score(url, answers)).toEqual(expected);
  });
});
