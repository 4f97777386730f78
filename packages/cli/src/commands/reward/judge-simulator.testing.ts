import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call of the judge, as the simulator sees it. */
interface JudgeCall {
  /** Of all calls so far, from 1. */
  n: number;
  /** The answer that is to be judged. */
  candidate: string;
}

/** `grade` by rule, write no JSON, never answer, or close the connection. */
type Reaction = 'grade' | 'garble' | 'hang' | 'reset';

export interface JudgeSimulator {
  /** For `base_url`. */
  url: string;
  calls: number;
  /** Replies that were sent in full, by candidate: what a provider would bill. */
  billed: Map<string, number>;
  react: (call: JudgeCall) => Reaction | Promise<Reaction>;
  /** Nothing listens at the address any more, and open connections are cut. */
  goDown(): Promise<void>;
  comeBack(): Promise<void>;
}

/**
 * A judge simulator over real HTTP, in the shape of an OpenAI-compatible API: a candidate that says "good" meets the
 * criterion "Useful". No model is behind it.
 */
export async function startJudgeSimulator(): Promise<JudgeSimulator> {
  let server: Server;
  let port = 0;

  const simulator: JudgeSimulator = {
    url: '',
    calls: 0,
    billed: new Map(),
    react: () => 'grade',
    goDown: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    comeBack: () =>
      new Promise((resolve) => {
        server = createServer((request, response) => {
          let text = '';
          request.on('data', (chunk: Buffer) => (text += chunk.toString()));
          request.on('end', () => void answer(text, response));
        });
        server.listen(port, '127.0.0.1', () => {
          ({ port } = server.address() as AddressInfo);
          simulator.url = `http://127.0.0.1:${port}/v1`;
          resolve();
        });
      }),
  };

  async function answer(text: string, response: ServerResponse): Promise<void> {
    const { messages } = JSON.parse(text) as { messages: { content: string }[] };
    const prompt = messages.map(({ content }) => content).join('\n');
    const candidate = /<candidate>\n(.*)\n<\/candidate>/s.exec(prompt)![1]!;
    const [, id] = /reply id is (\w+)/.exec(prompt)!;
    const reaction = await simulator.react({ n: ++simulator.calls, candidate });
    if (reaction === 'hang') return;
    if (reaction === 'reset') return void response.destroy();
    const score = candidate.includes('good');
    const verdicts = [{ criterion: 'Useful', evidence: '', reason: 'by rule', score }];
    const content = reaction === 'garble' ? 'It is fine, I think.' : JSON.stringify({ id, verdicts });
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        id: 'x',
        created: 0,
        model: 'm',
        choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }],
        usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
      }),
      () => simulator.billed.set(candidate, (simulator.billed.get(candidate) ?? 0) + 1),
    );
  }

  await simulator.comeBack();
  return simulator;
}
