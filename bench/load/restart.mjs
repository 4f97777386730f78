import { Agent, request } from 'node:http';
import { quantile } from '../shared/figures.mjs';
import { expectedScore, makeSamples } from '../reward/samples.mjs';
import { startServer } from '../shared/server.mjs';

const DOCUMENT_LENGTH = 4000;

/**
 * Clients that keep their connections ask for one reward after the other. In the middle the server gets SIGTERM and is
 * started again on its port. A client tries again after a refused connection, 502, 503 and 504, as trainers do; a
 * connection that ends under a request is a reset.
 */
export async function restart(folder, { clients, seconds, seed }) {
  let server = await startServer(folder);
  const { port } = server;
  const samples = makeSamples(clients, seed, DOCUMENT_LENGTH);
  const agent = new Agent({ keepAlive: true, maxSockets: clients, maxFreeSockets: clients });
  const counts = { asked: 0, answered: 0, lost: 0, answered_twice: 0, resets: 0, wrong: 0, tried_again: 0 };
  const milliseconds = [];
  const until = performance.now() + seconds * 1000;

  async function client(sample) {
    for (let round = 0; performance.now() < until; round++) {
      const id = `${sample.id}/${round}`;
      counts.asked++;
      const begun = performance.now();
      const reward = await askUntilAnswered(sample, id);
      milliseconds.push(performance.now() - begun);
      if (reward === undefined) counts.lost++;
      else if (reward.id !== id || reward.score !== expectedScore(sample.truth)) counts.wrong++;
      else counts.answered++;
    }
  }

  async function askUntilAnswered(sample, id) {
    const task = { messages: [{ role: 'user', content: `Review it. (${id})` }], document: sample.document };
    const body = JSON.stringify({ rollouts: [{ ...task, id, response: sample.response }] });
    for (let tries = 0; tries < 60; tries++) {
      if (tries > 0) counts.tried_again++;
      const reply = await post(agent, port, body);
      if (reply.status === 200) {
        const { rewards } = JSON.parse(reply.text);
        if (rewards.length !== 1) counts.answered_twice++;
        return rewards[0];
      }
      if (reply.error !== undefined && reply.error !== 'ECONNREFUSED') counts.resets++;
      else if (reply.error === undefined && ![502, 503, 504].includes(reply.status)) return undefined;
      await new Promise((resolve) => setTimeout(resolve, 250 + 250 * Math.random()));
    }
    return undefined;
  }

  const work = Promise.all(samples.map(client));
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2));
  const exitCode = await server.stop();
  server = await startServer(folder, { port });
  await work;
  agent.destroy();
  const peak_rss_mb = server.peakRssMb();
  await server.stop();
  return {
    clients,
    seconds,
    ...counts,
    exit_code: exitCode,
    answer_ms: {
      n: milliseconds.length,
      p50: quantile(milliseconds, 0.5),
      p99: quantile(milliseconds, 0.99),
    },
    peak_rss_mb,
  };
}

function post(agent, port, body) {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(
      { agent, port, host: '127.0.0.1', path: '/v1/rewards', method: 'POST', headers },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => (text += part));
        response.on('error', (error) => resolve({ error: error.code }));
        response.on('end', () => resolve({ status: response.statusCode, text }));
      },
    );
    sent.on('error', (error) => resolve({ error: error.code }));
    sent.end(body);
  });
}
