import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('provider-process.mjs', import.meta.url));

/**
 * Starts the provider simulator in its own process.
 *
 * @param {{
 *   seed: number,
 *   limits: import('@touchstone/testing').ProviderOptions['limits'] | null,
 *   behaviour: import('@touchstone/testing').Behaviour,
 * }} options
 */
export async function spawnProvider(options) {
  const child = spawn(process.execPath, [MAIN, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(child.stdout.setEncoding('utf8'), 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the simulator ended with exit code ${code} before it listened`);
    }),
  ]);
  const url = line.trim();
  return {
    url,
    report: async () => (await fetch(`${url}/report`)).json(),
    async close() {
      const exit = once(child, 'exit');
      child.stdin.end();
      await exit;
    },
  };
}
