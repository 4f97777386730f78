#!/usr/bin/env node
/**
 * The reward function as an AWS Lambda of 128 MB: size of the bundle, memory and processor time, and a Python handler on
 * boto3 beside it. Both speak Amazon Bedrock's Converse with a SIMULATOR; no model and no AWS is involved.
 *
 *     npm run bench:lambda -- --out lambda.json
 *     npm run bench:lambda -- --quick
 *
 * Lambda's 128 MB are imitated by a memory control group of 128 MiB (the kernel ends a process that takes more) where one
 * can be made. Lambda's 7 % of a core are not imitated: processor time is measured, not waited for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { NO_FAULTS } from '@touchstone/testing';
import { bundleLambda } from './lambda/bundle-lambda.mjs';
import { measureImports } from './lambda/measure-imports.mjs';
import { measureFunction } from './lambda/measure-function.mjs';
import { printReport } from './lambda/print.mjs';
import { CRITERIA, MAX_TOKENS, OBJECTIVE, PLAIN_PROMPT } from './reward/rubric.mjs';
import { makeSamples } from './reward/samples.mjs';
import { describeMachine, versionOf } from './shared/machine.mjs';
import { installFromPyPI } from './shared/peers.mjs';
import { spawnProvider } from './shared/spawn-provider.mjs';

const { values } = parseArgs({
  options: {
    samples: { type: 'string', default: '100' },
    rounds: { type: 'string' },
    concurrency: { type: 'string', default: '64' },
    seed: { type: 'string', default: '1' },
    node: { type: 'string', default: process.execPath },
    'no-peers': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const seed = Number(values.seed);
const rounds = Number(values.rounds ?? (values.quick ? 2 : 7));
const LIMIT_MIB = 128;
const MODEL = 'amazon.nova-pro-v1:0';
const BOTO3 = ['boto3==1.44.5'];
/** A judge that is quick: what counts here is memory and processor time, not waiting. */
const BEHAVIOUR = {
  latency: { p50: 200, p99: 600 },
  faults: NO_FAULTS,
};
const log = (line) => process.stderr.write(`${line}\n`);

const folder = mkdtempSync(path.join(tmpdir(), 'touchstone-bench-'));
const provider = await spawnProvider({ seed, limits: null, behaviour: BEHAVIOUR });
try {
  const samples = makeSamples(Number(values.samples), seed, 32_000);
  const event = path.join(folder, 'event.json');
  writeFileSync(event, JSON.stringify(samples.map(toEventSample)));
  writeFileSync(`${event}.first`, JSON.stringify(makeSamples(1, seed + 1, 32_000).map(toEventSample)));

  // Made-up credentials: requests must be signed, and the simulator does not look.
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'simulator',
    AWS_SECRET_ACCESS_KEY: 'simulator',
    AWS_EC2_METADATA_DISABLED: 'true',
    SIMULATOR_URL: provider.url,
    MODEL,
    PLAIN_PROMPT,
    MAX_TOKENS: `${MAX_TOKENS}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const wires = {
    bedrock: { model: `bedrock:${MODEL}`, base_url: provider.url },
    'openai-compatible': { model: 'openai-compatible:simulator', base_url: `${provider.url}/v1` },
  };
  const measure = (what) => measureFunction({ ...what, rounds, limitMib: LIMIT_MIB, samples });
  const figures = {
    provider: 'simulator',
    machine: describeMachine({
      lambda_node: versionOf(values.node, '--version'),
      python: versionOf('python3', '--version'),
    }),
    setup: {
      seed,
      samples: samples.length,
      rounds,
      concurrency: Number(values.concurrency),
      behaviour: BEHAVIOUR,
    },
    bundles: {},
    functions: {},
    imports: {},
    skipped: {},
  };
  for (const [wire, model] of Object.entries(wires)) {
    log(`bundling for ${wire}`);
    const judge = {
      ...model,
      objective: OBJECTIVE,
      criteria: CRITERIA,
      inputs: { document: 'metadata.document' },
      max_tokens: MAX_TOKENS,
      concurrency: Number(values.concurrency),
    };
    const bundle = await bundleLambda({ judge, seed, folder: path.join(folder, wire) });
    figures.bundles[wire] = {
      code_bytes: bundle.codeBytes,
      zip_bytes: bundle.zipBytes,
      packages: bundle.packages.slice(0, 15),
    };
    const command = [
      values.node,
      [new URL('lambda/functions/run-handler.mjs', import.meta.url).pathname, bundle.file, event],
    ];
    log(`touchstone, ${wire}`);
    figures.functions[`touchstone, ${wire}`] = await measure({ command, env });
  }
  if (!values['no-peers']) {
    log('python and boto3');
    const boto3 = await installFromPyPI('boto3', BOTO3);
    if ('skipped' in boto3) figures.skipped.boto3 = boto3.skipped;
    else {
      figures.machine.boto3 = BOTO3.join(' ');
      const script = new URL('lambda/functions/article_boto3.py', import.meta.url).pathname;
      figures.functions['article handler, boto3'] = await measure({
        command: [boto3.python, [script, event]],
        env,
      });
    }
  }
  log('imports');
  figures.imports = await measureImports({ node: values.node, folder, rounds });
  if (values.out) writeFileSync(values.out, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(values.json ? `${JSON.stringify(figures, null, 2)}\n` : printReport(figures));
} finally {
  await provider.close();
  rmSync(folder, { recursive: true, force: true });
}

/** A sample as Amazon Nova training sends it. */
function toEventSample({ id, document, response }) {
  return {
    id,
    messages: [
      { role: 'user', content: 'Review the contract. Write one finding.' },
      { role: 'assistant', content: response },
    ],
    metadata: { document },
  };
}
