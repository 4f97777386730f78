import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PROVIDERS = {
  'openai-compatible': '@ai-sdk/openai-compatible',
  anthropic: '@ai-sdk/anthropic',
  bedrock: '@ai-sdk/amazon-bedrock',
};

/**
 * The AWS Lambda function of a judge as one minified module: `index.mjs` in `folder`, and the size of its zip.
 *
 * @param {{ judge: { model: string }, seed: number, folder: string }} options `judge` as in `touchstone.yaml`
 * @returns {Promise<{ file: string, codeBytes: number, zipBytes: number, packages: { name: string, bytes: number }[] }>}
 */
export async function bundleLambda({ judge, seed, folder }) {
  const provider = judge.model.slice(0, judge.model.indexOf(':'));
  const unused = [
    ...Object.entries(PROVIDERS).flatMap(([name, module]) => (name === provider ? [] : [module])),
    // Only the checks json-schema and language need these, and this reward has neither.
    'ajv',
    'tinyld',
    '@redis/client',
  ];
  const result = await build({
    stdin: { contents: entry(judge, seed), resolveDir: HERE },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: [leaveOut(unused)],
    metafile: true,
    write: false,
    outfile: 'index.mjs',
    logLevel: 'silent',
  });
  const code = result.outputFiles[0].contents;
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'index.mjs');
  writeFileSync(file, code);
  return {
    file,
    codeBytes: code.length,
    zipBytes: zipSync({ 'index.mjs': code }, { level: 9 }).length,
    packages: weighPackages(result.metafile),
  };
}

function entry(judge, seed) {
  const config = JSON.stringify(JSON.stringify(judge));
  return `
    import { createDispatcher, createJudge, createReward, judgeSchema, openModel, rewardSchema } from '@touchstone/core';
    import { createLambdaHandler, createReplyCache } from '@touchstone/serve';
    async function open() {
      const config = judgeSchema.parse(JSON.parse(${config}));
      const dispatcher = createDispatcher({
        concurrency: config.concurrency,
        timeoutMs: config.timeout_seconds * 1000,
        attempts: config.attempts,
        cache: createReplyCache(),
        seed: ${seed},
      });
      const judge = createJudge(config, await openModel(config), dispatcher, { seed: ${seed} });
      return createReward(rewardSchema.parse({}), judge, { baseDir: '.' });
    }
    export const handler = createLambdaHandler(open);`;
}

/**
 * Packages that core would load and that are not needed become modules without content. What other packages import is
 * left alone: the Bedrock package uses the Anthropic one.
 */
function leaveOut(names) {
  const filter = new RegExp(`^(${names.map((name) => name.replace(/[/.]/g, '\\$&')).join('|')})(/|$)`);
  return {
    name: 'leave-out',
    setup(builder) {
      builder.onResolve({ filter }, ({ path: name, importer }) =>
        /packages.core/.test(importer) ? { path: name, namespace: 'left-out' } : undefined,
      );
      builder.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

/** Bytes of the minified code that come from each package, largest first. */
function weighPackages({ outputs }) {
  const bytes = new Map();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ownName(file);
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytes]
    .map(([name, size]) => ({ name, bytes: size }))
    .filter((one) => one.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}

function ownName(file) {
  const room = /packages\/([^/]+)\//.exec(file)?.[1];
  return room === undefined ? file : `@touchstone/${room}`;
}
