import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { spread } from '../shared/figures.mjs';

/** What a bundle may be made of, each as the statement that loads it. */
const PARTS = {
  nothing: '',
  undici: "import 'undici';",
  zod: "import { z } from 'zod'; globalThis.used = z.strictObject({ a: z.string() });",
  ajv: "import { Ajv2020 } from 'ajv/dist/2020.js'; globalThis.used = Ajv2020;",
  'tinyld/light': "import { detect } from 'tinyld/light'; globalThis.used = detect;",
  jsonrepair: "import { jsonrepair } from 'jsonrepair'; globalThis.used = jsonrepair;",
  cockatiel: "import * as all from 'cockatiel'; globalThis.used = all;",
  '@opentelemetry/api': "import * as all from '@opentelemetry/api'; globalThis.used = all;",
  '@ai-sdk/openai-compatible':
    "import { createOpenAICompatible } from '@ai-sdk/openai-compatible'; globalThis.used = createOpenAICompatible;",
  '@ai-sdk/anthropic': "import { createAnthropic } from '@ai-sdk/anthropic'; globalThis.used = createAnthropic;",
  '@ai-sdk/amazon-bedrock':
    "import { createAmazonBedrock } from '@ai-sdk/amazon-bedrock'; globalThis.used = createAmazonBedrock;",
};
const CORE = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../packages/core');

/**
 * What loading each part costs by itself, bundled and minified, in fresh processes: processor time and resident memory
 * over an empty module, and bytes.
 */
export async function measureImports({ node, folder, rounds }) {
  const figures = {};
  for (const [name, contents] of Object.entries(PARTS)) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: CORE },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      write: false,
      logLevel: 'silent',
    });
    const file = path.join(folder, 'part.mjs');
    writeFileSync(file, outputFiles[0].contents);
    const runs = Array.from({ length: rounds }, () => load(node, file));
    figures[name] = {
      bytes: outputFiles[0].contents.length,
      cpu_ms: spread(runs.map(({ cpu }) => cpu), 1),
      rss_mb: spread(runs.map(({ rss }) => rss), 1),
    };
  }
  return figures;
}

function load(node, file) {
  const script = `
    const rss = process.resourceUsage().maxRSS;
    const begin = process.cpuUsage();
    import(${JSON.stringify(file)}).then(() => {
      const { user, system } = process.cpuUsage(begin);
      console.log(JSON.stringify({ cpu: (user + system) / 1000, rss: (process.resourceUsage().maxRSS - rss) / 1024 }));
    });`;
  return JSON.parse(execFileSync(node, ['-e', script], { encoding: 'utf8' }));
}
