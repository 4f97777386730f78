import { connect } from 'node:net';
import { quantile } from '../shared/figures.mjs';
import { startServer } from '../shared/server.mjs';

/** Sends `n` hostile requests of a kind to a server of their own, and asks for its health all the while. */
export async function attack(folder, { parts, patienceMs = 20_000, halfClosed = false, many = 64 }, n) {
  const server = await startServer(folder);
  const health = [];
  const statuses = {};
  let left = n;
  const written = parts();
  const begun = performance.now();

  const probe = (async () => {
    while (left > 0 || health.length < 20) {
      health.push(await timeOf(`${server.url}/health`));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const worker = async () => {
    while (left-- > 0) {
      const status = await send(server.port, written, { patienceMs, halfClosed });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(many, n) }, worker));
  await probe;
  const seconds = (performance.now() - begun) / 1000;
  const peak_rss_mb = server.peakRssMb();
  const exit_code = await server.stop();
  const health_ms = {
    n: health.length,
    p50: quantile(health, 0.5),
    p99: quantile(health, 0.99),
    max: quantile(health, 1),
  };
  return { n, seconds, statuses, health_ms, peak_rss_mb, exit_code };
}

async function timeOf(url) {
  const begun = performance.now();
  const reply = await fetch(url);
  await reply.text();
  if (!reply.ok) throw new Error(`/health says ${reply.status}`);
  return performance.now() - begun;
}

/** @returns the status of the reply, or how the connection ended. */
function send(port, parts, { patienceMs, halfClosed }) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => done('given up'), patienceMs);
    const done = (how) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    socket.on('error', (error) => done(error.code));
    socket.on('close', () => done('closed'));
    socket.once('data', (data) => done(/^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1] ?? 'no HTTP'));
    socket.once('connect', () => void write(socket, parts).then(() => halfClosed && socket.end()));
  });
}

async function write(socket, parts) {
  for (const [i, part] of parts.entries()) {
    if (i > 0) await new Promise((next) => setTimeout(next, 100));
    if (!socket.destroyed) socket.write(part);
  }
}
