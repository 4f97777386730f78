import { simulatedReward, type ItemBehaviour } from '@touchstone/testing';
import type { Notice } from '../scoring/notice.js';
import { createRewardServer, type RewardServer, type RewardServerOptions } from './server.js';

export const running: RewardServer[] = [];

/** Best at the end of a file: one after the other, each takes the second that its end grants old connections. */
export const closeServers = () => Promise.all(running.splice(0).map((server) => server.close()));

export async function start(options: Partial<RewardServerOptions> = {}) {
  const notices: Notice[] = [];
  const report = (notice: Notice) => void notices.push(notice);
  const server = createRewardServer({ reward: simulatedReward(), report, ...options });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  running.push(server);
  return { server, url, notices };
}

/** Text and bytes as they are, anything else as JSON. */
function raw(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw(body),
  });
  return { status: response.status, body: (await response.json()) as unknown };
}

export const document = 'Payment is due in 30 days.';
export const answer = (grade: number, does: ItemBehaviour = 'grade') =>
  JSON.stringify([{ quote: 'due in 30 days', grade, does }]);
export const messages = [{ role: 'user', content: 'q' }];
