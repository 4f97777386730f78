import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadScoringConfig } from '@touchstone/run';
import { unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { makeBundle, unusedPackages } from './bundle.js';
import { runZip } from './run-zip.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-own-bundle-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A configuration in a folder, with its judge's model and more of its settings. */
function load(model: string) {
  const judge = `${model}\n  objective: o\n  structured_output: prompt\n  tries: 1\n  criteria: [{ name: A, question: q }]`;
  writeFileSync(join(folder, 'touchstone.yaml'), `judge:\n  model: ${judge}\n`);
  return loadScoringConfig(folder);
}

/** Runs the function of a bundle on one sample, in a process of its own. @returns its log. */
async function logOf(zip: Uint8Array, env: Record<string, string>): Promise<string> {
  const event = [
    {
      id: 'a',
      messages: [
        { role: 'user', content: 'q' },
        { role: 'assistant', content: 'good' },
      ],
    },
  ];
  let log = '';
  const onLog = (text: string): void => void (log += text);
  await runZip(zip, 'function.zip', event, { timeoutSeconds: 30, env, onLog });
  return log;
}

describe("a bundle's providers", () => {
  it('are left out by names that are installed, and so leave something out', async () => {
    const { config } = await load('anthropic:m');
    const unused = unusedPackages(config);
    expect(unused).toEqual(expect.arrayContaining(['@ai-sdk/amazon-bedrock', 'ajv', './aws-chain.js']));
    expect(unused).not.toContain('@ai-sdk/anthropic');
    const require = createRequire(new URL('../../../core/src/index.ts', import.meta.url));
    // Those of our own files are looked at where they are listed.
    for (const name of unused.filter((one) => !one.startsWith('./')))
      expect(() => require.resolve(name), name).not.toThrow();
  });

  it('may be a package of the AI SDK that the judge names, and asks through it', async () => {
    const keys: unknown[] = [];
    const server = createServer((request, response) => {
      keys.push(request.headers.authorization);
      response.setHeader('content-type', 'application/json').end(
        JSON.stringify({
          object: 'chat.completion',
          id: 'x',
          created: 0,
          model: 'm',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'no JSON' } }],
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const loaded = await load(
      `ai-sdk:@ai-sdk/mistral#m\n  base_url: http://127.0.0.1:${port}\n  api_key_env: MY_KEY`,
    );
    const { zip } = await makeBundle(loaded);
    expect(Object.keys(unzipSync(zip))).toContain('node_modules/@ai-sdk/mistral/index.mjs');
    const log = await logOf(zip, { MY_KEY: 'the-key' });
    server.close();
    expect(log).toContain('unparseable');
    expect(keys).toEqual(['Bearer the-key']);
  });

  it("may be a module of the user's own, with what it imports, and asks it", async () => {
    writeFileSync(join(folder, 'words.mjs'), "export const WORDS = 'no JSON';");
    writeFileSync(
      join(folder, 'mine.mjs'),
      `import { WORDS } from './words.mjs';
      export default (name, config, env) => ({
        version: name,
        structuredOutput: false,
        generate: async () => {
          console.log('asked ' + name);
          return { text: WORDS, finish: 'stop', inputTokens: 1, outputTokens: 1 };
        },
      });`,
    );
    const { zip } = await makeBundle(await load('code:./mine.mjs#parrot'));
    expect(Object.keys(unzipSync(zip))).toEqual(['index.mjs', 'mine.mjs']);
    const log = await logOf(zip, {});
    expect(log).toContain('asked parrot');
    expect(log).toContain('unparseable');
  });
});
