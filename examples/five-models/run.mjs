#!/usr/bin/env node
/**
 * Five models on one page, as the article ends: the quickstart's base, its SFT and its RFT, a model of the held-out judge's family, and a
 * language model of your own.
 *
 *     npm run build
 *     node examples/five-models/run.mjs --run runs/quickstart-1 --own SmolLM2=PATH/TO/FOLDER
 *
 * It trains the quickstart where the folder has none yet, writes `five-models.yaml` into it and runs `touchstone eval` on that. The same
 * command again goes on where it stopped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse, stringify } from 'yaml';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODELS = path.join(ROOT, 'examples/quickstart/models');
const { values } = parseArgs({
  options: {
    run: { type: 'string', default: 'runs/quickstart-1' },
    own: { type: 'string' },
    tasks: { type: 'string', default: '128' },
  },
});
const folder = path.resolve(values.run);

function touchstone(...args) {
  const main = path.join(ROOT, 'packages/cli/dist/main.js');
  const { status } = spawnSync(process.execPath, [main, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(path.join(folder, 'summary.json'))) touchstone('quickstart', '--out', folder);

const { judge, heldout_judge, reward, data, policy, evaluation } = parse(
  readFileSync(path.join(folder, 'touchstone.yaml'), 'utf8'),
);
const [, name, own] = /^([^=]+)=(.+)$/.exec(values.own ?? '') ?? [];
if (values.own !== undefined && own === undefined) {
  process.stderr.write(`--own: expected NAME=FOLDER, got "${values.own}"\n`);
  process.exit(2);
}
const answering = { max_tokens: policy.max_tokens, temperature: policy.temperature };
const local = (model) => ({ model: `local:${path.relative(folder, model)}`, ...answering });
const models = {
  base: { run: '.', model: 'base' },
  SFT: { run: '.', model: 'sft' },
  RFT: { run: '.', model: 'rft' },
  "the held-out judge's family": local(path.join(MODELS, 'heldout')),
  ...(own === undefined ? {} : { [name]: local(path.resolve(own)) }),
};
const config = path.join(folder, 'five-models.yaml');
writeFileSync(
  config,
  stringify({
    name: 'five-models',
    output: 'five-models',
    data: { eval: data.eval },
    judge,
    heldout_judge,
    reward,
    evaluation: { ...evaluation, tasks: Number(values.tasks), models },
  }),
);
touchstone('eval', config, '--out', path.join(folder, 'five-models'));
