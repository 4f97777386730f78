import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { generate } from './generate/generate.js';
import { loadModelFolder } from './model-folder.js';
import { CausalLM } from './model.js';
import { logProbabilities } from './optimize/gradients.js';

const at = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const PYTHON = process.env['TOUCHSTONE_PYTHON'];
const SMOLLM2 = at('../../../.cache/smollm2/model');
const MINUTES = 60_000;

/** The reason that the tests are skipped for, if they are. */
function missing(): string {
  if (PYTHON === undefined)
    return 'TOUCHSTONE_PYTHON names no Python with transformers; see scripts/smollm2.mjs';
  const find = 'import importlib.util as u; exit(not all(map(u.find_spec, ["torch", "transformers"])))';
  return spawnSync(PYTHON, ['-c', find]).status === 0 ? '' : `${PYTHON} lacks torch or transformers`;
}
const why = missing();
const noSmollm2 = why || (existsSync(SMOLLM2) ? '' : 'node scripts/smollm2.mjs was not run');

interface Answer {
  /** Of each token of a sequence but the first. */
  logprobs: number[][];
  sequences: number[][];
  prompts: number[][];
  greedy: number[][];
}

function askTransformers(request: { make: object[]; ask: object[] }): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON!, [at('transformers.testing.py')]);
    let [out, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.on('close', (code) =>
      code === 0
        ? resolve(JSON.parse(out.trim().split('\n').at(-1)!) as Answer[])
        : reject(new Error(errors)),
    );
    child.stdin.end(JSON.stringify(request));
  });
}

/** The largest difference of a log-probability, and the greedy answers, which end as the folder says. */
async function compare(model: CausalLM, { sequences, logprobs, prompts, greedy }: Answer) {
  const ours = await logProbabilities(
    model,
    sequences.map((tokens) => ({ tokens, start: 1 })),
  );
  const differences = ours.flatMap((row, i) =>
    [...row].map((value, t) => Math.abs(value - logprobs[i]![t]!)),
  );
  const maxTokens = Math.max(...greedy.map(({ length }) => length));
  const answers = await generate(
    model,
    prompts.map((prompt) => ({ prompt, maxTokens, uniform: () => 0.5 })),
    { temperature: 0, topK: 0, topP: 1 },
  );
  return { worst: Math.max(...differences), answers: answers.map(({ tokens }) => tokens) };
}

const folders: string[] = [];
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'transformers-'));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** The folder with its config.json in the other spelling. */
async function respelled(folder: string): Promise<string> {
  const other = await newFolder();
  for (const file of await readdir(folder)) {
    if (file !== 'config.json') await symlink(path.join(folder, file), path.join(other, file));
  }
  const config = JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  const { rope_parameters, rope_theta, rope_scaling, dtype, torch_dtype, ...rest } = config;
  const { rope_theta: theta, ...scaling } = (rope_parameters ?? {}) as Record<string, unknown>;
  const spelled = rope_parameters
    ? {
        ...rest,
        rope_theta: theta,
        rope_scaling: scaling['rope_type'] === 'default' ? null : scaling,
        torch_dtype: dtype,
      }
    : {
        ...rest,
        rope_parameters: { rope_type: 'default', ...(rope_scaling as object), rope_theta },
        dtype: torch_dtype,
      };
  await writeFile(path.join(other, 'config.json'), JSON.stringify(spelled));
  return other;
}

const SHAPE = {
  vocab_size: 97,
  hidden_size: 64,
  intermediate_size: 112,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 512,
  tie_word_embeddings: false,
  eos_token_id: 1,
};
const LLAMA3 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};
const SHAPES: [name: string, config: Record<string, unknown>][] = [
  ['Llama 3 scaling', { model_type: 'llama', rope_theta: 500_000, rope_scaling: LLAMA3 }],
  [
    'linear scaling',
    { model_type: 'llama', rope_theta: 10_000, rope_scaling: { rope_type: 'linear', factor: 4 } },
  ],
  [
    'tied head, wide heads',
    { model_type: 'llama', rope_theta: 100_000, tie_word_embeddings: true, head_dim: 32 },
  ],
  ['biases everywhere', { model_type: 'llama', rope_theta: 10_000, attention_bias: true, mlp_bias: true }],
  ['Qwen2 biases', { model_type: 'qwen2', rope_theta: 1_000_000, tie_word_embeddings: true }],
  ['Mistral', { model_type: 'mistral', rope_theta: 1_000_000, sliding_window: null, num_key_value_heads: 1 }],
];

describe.skipIf(why)(`tiny models beside transformers${why ? ` (skipped: ${why})` : ''}`, () => {
  it('compute the same, in either spelling and in shards', { timeout: 5 * MINUTES }, async ({ annotate }) => {
    const root = await newFolder();
    const sequences = [200, 9].map((length, i) =>
      Array.from({ length }, (_, t) => 2 + ((t * t * 7 + t * (3 + i) + i) % 90)),
    );
    const made = SHAPES.map(([, config], i) => ({
      folder: path.join(root, String(i)),
      config: { ...SHAPE, ...config },
      shard_size: i % 2 ? '80KB' : '1GB',
      seed: i,
    }));
    const answers = await askTransformers({
      make: made,
      ask: made.map(({ folder }) => ({ folder, sequences, new_tokens: 12 })),
    });
    const found: Record<string, number> = {};
    for (const [i, { folder }] of made.entries()) {
      const [name] = SHAPES[i]!;
      for (const each of [folder, await respelled(folder)]) {
        const { worst, answers: greedy } = await compare(await CausalLM.load(each), answers[i]!);
        found[name] = Math.max(worst, found[name] ?? 0);
        expect(worst, name).toBeLessThan(1e-4);
        expect(greedy, name).toEqual(answers[i]!.greedy);
      }
    }
    await annotate(`largest difference of a log-probability: ${JSON.stringify(found)}`);
  });
});

const TEXTS = [
  'The quick brown fox jumps over the lazy dog.',
  'In 1998 the company had 1,204 employees and a turnover of $3.7 million.',
  'def add(a, b):\n    """Adds."""\n    return a + b\n',
  'Die Kündigungsfrist beträgt dreißig Tage.',
  'Ceci n’est pas une pipe — René Magritte.',
  'The liability of either party is limited to the fees paid in the twelve months before the claim.',
  'To be, or not to be, that is the question:\nWhether tis nobler in the mind to suffer',
  '{"comments": [{"type": "risk", "text": "Notice is too short."}]}',
  'Water boils at 100 °C; it freezes at 0 °C.',
  '日本語の文章も少しだけ。',
  'SELECT name, COUNT(*) FROM orders GROUP BY name HAVING COUNT(*) > 3;',
  'Once upon a time there was a small village at the foot of a mountain.',
  'E = mc² and a² + b² = c² are equations that many people know.',
  'Dear Sir or Madam,\n\nI am writing to complain about the delay.\n\nYours faithfully',
  '🙂 emoji and 👩‍👩‍👧 families are made of several code points',
  'Photosynthesis turns carbon dioxide and water into glucose and oxygen.',
  'for (let i = 0; i < 10; i++) console.log(i);',
  '   leading spaces, a\ttab, and trailing ones   ',
  'A list:\n- one\n- two\n  - two and a half\n- three',
  'The patient denies chest pain, shortness of breath, and fever.',
];
const QUESTIONS = [
  'What is the capital of France?',
  'Write one sentence about the sea.',
  'What is 2 + 3?',
  'Name three colours.',
  'Translate "good morning" into Spanish.',
  'Who wrote Romeo and Juliet?',
  'Explain photosynthesis to a child.',
  'Write a haiku about autumn.',
  'What is the opposite of hot?',
  'How many days are in a week?',
  'Give me a title for a story about a dragon.',
  'Is the earth flat?',
  'What does HTTP stand for?',
  'Summarise: The contract may be ended by either party with thirty days of notice.',
  'Which planet is the largest?',
  'Write a Python function that reverses a string.',
  'What is a synonym of "happy"?',
  'Why is the sky blue?',
  '  What is the boiling point of water?  \n',
  'List two uses of a hammer.',
];

describe.skipIf(noSmollm2)(
  `SmolLM2 beside transformers${noSmollm2 ? ` (skipped: ${noSmollm2})` : ''}`,
  () => {
    it(
      'has its log-probabilities and its greedy answers, in either spelling',
      { timeout: 20 * MINUTES },
      async ({ annotate }) => {
        const chats = QUESTIONS.map((content, i) => [
          ...(i % 3 === 0 ? [{ role: 'system' as const, content: 'Answer in one short sentence.' }] : []),
          { role: 'user' as const, content },
        ]);
        const spelled = [SMOLLM2, await respelled(SMOLLM2)];
        const [first] = await askTransformers({
          make: [],
          ask: [{ folder: SMOLLM2, texts: TEXTS, chats, new_tokens: 24 }],
        });
        for (const folder of spelled) {
          const { model, tokenizer } = await loadModelFolder(folder);
          expect(TEXTS.map((text) => tokenizer.encode(text))).toEqual(first!.sequences);
          expect(chats.map((chat) => tokenizer.encodeChat(chat))).toEqual(first!.prompts);
          const { worst, answers } = await compare(model, first!);
          await annotate(`largest difference of a log-probability: ${worst}`);
          expect(worst).toBeLessThan(1e-3);
          expect(answers).toEqual(first!.greedy);
        }
        // What is saved is the same model again.
        const copy = await newFolder();
        const { model } = await loadModelFolder(spelled[1]!);
        await model.save(copy, spelled[1]!);
        const { worst } = await compare((await loadModelFolder(copy)).model, first!);
        expect(worst).toBeLessThan(1e-3);
      },
    );
  },
);
