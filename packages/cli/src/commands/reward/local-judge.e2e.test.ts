import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausalLM } from '@touchstone/engine';
import { afterAll, expect, it } from 'vitest';
import { ask, sampleOf, startServer, WIRES, writeConfig, type Drill } from './drill.testing.js';

const TOKENIZER = fileURLToPath(new URL('../../../../../examples/quickstart/models/judge', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'touchstone-local-'));
const GROUP = 4;
let server: Drill | undefined;
afterAll(() => {
  server?.child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

/** A judge that takes seconds: its weights are random, so that it writes until it is cut off. */
async function writeSlowJudge(folder: string): Promise<void> {
  const model = CausalLM.initialise(
    {
      model_type: 'llama',
      vocab_size: 1024,
      hidden_size: 128,
      intermediate_size: 256,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
      eos_token_id: 1,
    },
    1,
  );
  await model.save(folder, TOKENIZER);
}

it(
  'answers GET /health in under 100 ms while its local judge answers a group',
  { timeout: 240_000 },
  async () => {
    await writeSlowJudge(join(root, 'judge'));
    // A core is left to the server, as it is where more than two are.
    writeConfig(root, { model: 'local:judge', attempts: 1, concurrency: GROUP }, { engine: { threads: 1 } });
    server = await startServer(root);
    const { url } = server;

    const start = performance.now();
    let judging: number | undefined;
    const judged = ask(
      url,
      WIRES['native']!,
      Array.from({ length: GROUP }, (_, i) => sampleOf(i)),
    ).then((entries) => {
      judging = performance.now() - start;
      return entries;
    });
    // On a clock of their own: one that waits does not keep the next from being asked.
    const asks: Promise<number>[] = [];
    while (judging === undefined) {
      asks.push(health(url));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await judged).toHaveLength(GROUP);
    const waits = (await Promise.all(asks)).toSorted((a, b) => a - b);
    expect(judging, 'the judge is slow enough to tell').toBeGreaterThan(2000);
    expect(waits.length).toBeGreaterThan(20);
    expect(waits[Math.floor(waits.length / 2)]).toBeLessThan(100);
    // One thread for both would answer all of them when the judging is over.
    expect(waits.at(-1)).toBeLessThan(judging / 2);
  },
);

/** @returns milliseconds, Infinity without an answer */
async function health(url: string): Promise<number> {
  const start = performance.now();
  const status = await fetch(`${url}/health`).then(
    async (response) => (await response.text(), response.status),
    () => 0,
  );
  return status === 200 ? performance.now() - start : Infinity;
}
