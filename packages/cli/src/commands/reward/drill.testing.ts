import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const MAIN = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/** A configuration for `reward serve`: one Boolean criterion, judged by the simulator. */
export function writeConfig(folder: string, judge: object, rest: object = {}): void {
  mkdirSync(join(folder, 'policy'), { recursive: true });
  const task = `${JSON.stringify({ id: 't', messages: [{ role: 'user', content: 'q' }] })}\n`;
  writeFileSync(join(folder, 'data.jsonl'), task);
  writeFileSync(join(folder, 'policy/config.json'), '{}');
  const config = {
    policy: { model: 'local:policy' },
    data: { train: 'data.jsonl', eval: 'data.jsonl' },
    judge: {
      model: 'openai-compatible:simulator',
      structured_output: 'prompt',
      objective: 'Judge it.',
      criteria: [{ name: 'Useful', question: 'Is it useful?' }],
      concurrency: 64,
      ...judge,
    },
    ...rest,
  };
  writeFileSync(join(folder, 'touchstone.yaml'), stringify(config));
}

export interface Drill {
  url: string;
  child: ChildProcess;
  /** Everything on standard error so far. */
  log: () => string;
  ended: Promise<{ code: number | null; signal: string | null }>;
}

/** `touchstone reward serve`, the real command in a process of its own. */
export async function startServer(
  folder: string,
  env: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<Drill> {
  const child = spawn(process.execPath, [MAIN, 'reward', 'serve', folder, '--port', '0', '--json', ...args], {
    env: { ...process.env, ...env },
  });
  let out = '';
  let err = '';
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data: Buffer) => {
      out += data.toString();
      if (out.includes('\n')) resolve((JSON.parse(out) as { url: string }).url);
    });
    void ended.then(() => reject(new Error(`the server did not start: ${err}`)));
  });
  return { url, child, log: () => err, ended };
}

/** An answer to judge; the simulator finds it good if its text says so. */
export interface Sample {
  id: string;
  text: string;
}

/** @param n tells the samples apart; every third is bad. */
export function sampleOf(n: number): Sample {
  return { id: `sample-${n}`, text: `${n % 3 === 0 ? 'bad' : 'good'} answer ${n}` };
}

/** What a trainer learns of one sample. */
export interface Entry {
  /** undefined on wires that answer by position. */
  id?: string | number;
  /** null where the wire carries no number for what was not judged. */
  number: number | null;
  /** The wire says that it was not judged. */
  abstained: boolean;
}

interface Wire {
  path: string;
  body(samples: Sample[]): unknown;
  /** Statuses beside 200 that say that the sample was not judged. */
  refusal?: number;
  read(reply: never): Entry[];
}

const messages = [{ role: 'user', content: 'q' }];
const turns = (text: string) => [...messages, { role: 'assistant', content: text }];
const content = (text: string) => ({ parts: [{ text }] });

/** Every wire; those of one sample a call get the first. */
export const WIRES: Record<string, Wire> = {
  native: {
    path: '/v1/rewards',
    body: (samples) => ({ rollouts: samples.map(({ id, text }) => ({ id, messages, response: text })) }),
    read: ({
      rewards,
    }: {
      rewards: { id: string; status: string; score: number | null; reason?: string }[];
    }) =>
      rewards.map(({ id, score, status, reason }) => ({
        id,
        number: score,
        abstained: status === 'abstained' && reason !== undefined,
      })),
  },
  nova: {
    path: '/',
    body: (samples) => samples.map(({ id, text }) => ({ id, messages: turns(text) })),
    read: (
      results: {
        id: string;
        aggregate_reward_score: number;
        metrics_list: { name: string; value: number }[];
      }[],
    ) =>
      results.map(({ id, aggregate_reward_score: number, metrics_list }) => ({
        id,
        number,
        abstained: metrics_list.some(({ name, value }) => name === 'judge_abstained' && value === 1),
      })),
  },
  openrlhf: {
    path: '/openrlhf',
    body: (samples) => ({
      query: samples.map(({ text }) => `<s>[INST] q [/INST]${text}</s>`),
      prompts: samples.map(() => '<s>[INST] q [/INST]'),
      labels: samples.map(() => null),
    }),
    read: ({ rewards, extra_logs }: { rewards: number[]; extra_logs: { judge_ok: number[] } }) =>
      rewards.map((number, i) => ({ number, abstained: extra_logs.judge_ok[i] === 0 })),
  },
  slime: {
    path: '/slime/object',
    body: ([sample]) => ({ prompt: messages, response: sample!.text, label: null }),
    read: ({ score, judge_ok }: { score: number; judge_ok: number }) => [
      { number: score, abstained: judge_ok === 0 },
    ],
  },
  nemoGym: {
    path: '/verify',
    body: ([sample]) => ({
      id: sample!.id,
      responses_create_params: { input: messages },
      response: {
        output: [
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: sample!.text }] },
        ],
      },
    }),
    read: ({ id, reward, mask_sample }: { id: string; reward: number; mask_sample: boolean }) => [
      { id, number: reward, abstained: mask_sample },
    ],
  },
  evalProtocol: {
    path: '/evaluate',
    body: ([sample]) => ({ messages: turns(sample!.text) }),
    read: ({ score, is_score_valid }: { score: number; is_score_valid: boolean }) => [
      { number: score, abstained: !is_score_valid },
    ],
  },
  cloudRun: {
    path: '/cloud-run',
    body: ([sample]) => ({
      example: { contents: [{ role: 'user', ...content('q') }] },
      response: { role: 'model', ...content(sample!.text) },
    }),
    refusal: 503,
    read: ({ reward }: { reward: number }) => [{ number: reward, abstained: false }],
  },
};

/**
 * Sends samples on a wire, as a trainer would, and says what it learned of each.
 *
 * @param query what the address says beside the path.
 */
export async function ask(url: string, wire: Wire, samples: Sample[], query = ''): Promise<Entry[]> {
  const { status, text } = await post(url + wire.path + query, JSON.stringify(wire.body(samples)));
  if (status === wire.refusal) return samples.map(() => ({ number: null, abstained: true }));
  if (status !== 200) throw new Error(`${wire.path} answered ${status}: ${text}`);
  return wire.read(JSON.parse(text) as never);
}

/** A connection of its own for each request, as from many workers of a trainer; `fetch` would share them. */
function post(url: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, text })).on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
}

/**
 * What is wrong with the answers, as text; empty when there is one valid entry for each sample, ids as they were sent, the
 * right score on the right sample, and a word of what was not judged.
 */
export function faultsOf(samples: readonly Sample[], entries: readonly Entry[]): string[] {
  if (entries.length !== samples.length) return [`${samples.length} samples, ${entries.length} entries`];
  return samples.flatMap(({ id, text }, i) => {
    const entry = entries[i]!;
    const about = `${id}: ${JSON.stringify(entry)}`;
    if (entry.id !== undefined && entry.id !== id) return [`another id: ${about}`];
    if (entry.number !== null && !(entry.number >= 0 && entry.number <= 1)) return [`no number: ${about}`];
    if (entry.abstained) return entry.number === null || entry.number === 0.5 ? [] : [`a score: ${about}`];
    return entry.number === Number(text.includes('good')) ? [] : [`a wrong score: ${about}`];
  });
}
