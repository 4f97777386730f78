import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CausalLM } from '@touchstone/engine';
import type { RunListener, Summary } from '@touchstone/spec';
import { stringify } from 'yaml';
import { loadConfig, openWorkspace, runPipeline, type Clock } from './index.js';

const TOKENIZER = fileURLToPath(new URL('../../../examples/quickstart/models/policy', import.meta.url));
export const STEPS = 3;

/** Counts letters, in place of a language model: what is under test is the run's folder. */
const JUDGE = `export default (rollouts) =>
  rollouts.map(({ response }) => ({ score: ([...response].length % 7) / 6 }));
`;

/**
 * Writes a configuration whose run takes a second: every stage, real training of a random model.
 *
 * @param edit changes the configuration, and what else lies in the folder.
 */
export async function writeSmallRun(
  folder: string,
  model = 1,
  edit: (config: { training: object; heldout_judge?: object }) => void = () => {},
): Promise<void> {
  const jsonl = (name: string, lines: readonly object[]): void =>
    writeFileSync(join(folder, name), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const ask = (content: string) => ({ role: 'user', content });
  const numbers = [1, 2, 3, 4];
  mkdirSync(folder, { recursive: true });
  jsonl(
    'train.jsonl',
    numbers.map((n) => ({ id: `t${n}`, messages: [ask(`Count to ${n}.`)] })),
  );
  jsonl(
    'eval.jsonl',
    numbers.map((n) => ({ id: `e${n}`, messages: [ask(`Name ${n} things.`)] })),
  );
  jsonl(
    'annotations.jsonl',
    numbers.map((n) => ({ messages: [ask(`Add ${n}.`), { role: 'assistant', content: `${n + 1}` }] })),
  );
  writeFileSync(join(folder, 'judge.mjs'), JUDGE);
  const { config } = await CausalLM.load(TOKENIZER);
  const shape = { hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
  await CausalLM.initialise({ ...config.source, ...shape, num_key_value_heads: 1, head_dim: 16 }, model).save(
    join(folder, 'model'),
    TOKENIZER,
  );
  const whole = {
    name: 'small',
    output: 'out',
    policy: { model: 'local:model', max_tokens: 4, temperature: 1 },
    data: { train: 'train.jsonl', eval: 'eval.jsonl', annotations: 'annotations.jsonl' },
    judge: { kind: 'code', module: './judge.mjs' },
    gate: 'off',
    training: {
      steps: STEPS,
      prompts_per_step: 2,
      group_size: 2,
      learning_rate: 0.05,
      checkpoint_every: 1,
      sft: { steps: 3, batch_size: 2, evaluate_every: 1, learning_rate: 0.05 },
    },
    evaluation: { samples: 2, best_of: 2 },
  };
  edit(whole);
  writeFileSync(join(folder, 'touchstone.yaml'), stringify(whole));
}

/** Time stands still: what is left of a summary can be compared whole. */
const CLOCK: Clock = { seconds: () => 0, date: () => new Date(0) };

/** Starts the run, or goes on with it. */
export async function runSmall(folder: string, onEvent: RunListener = () => {}): Promise<Summary> {
  const workspace = await openWorkspace(await loadConfig(folder));
  try {
    return await runPipeline(workspace, { onEvent, clock: CLOCK, reasons: { noGate: 'only a test' } });
  } finally {
    workspace.store.close();
  }
}

/** What every one of these runs says, since its gate is off. */
export const NO_GATE = 'There is no gate, and training goes on all the same: only a test';

/** What a summary says, but for what somebody should look at. */
export const figuresOf = ({ alarms: _, ...figures }: Summary): object => figures;
