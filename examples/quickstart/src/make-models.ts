/**
 * Makes the quickstart's three models from nothing: `npm run make-models -- [policy|judge|heldout] [--out DIR] [--from DIR]`.
 * With `--from` a model of that folder is hardened only.
 * The folders it writes are the ones committed under examples/quickstart/models.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  AdamW,
  ADAMW_DEFAULTS,
  ChatTokenizer,
  generate,
  gradients,
  CausalLM,
  scheduleFactor,
  trainBpe,
  type TrainingSequence,
} from '@touchstone/engine';
import { random } from '@touchstone/spec';
import { negativeLogLikelihood } from '@touchstone/train';
import { drawCopying, type Split } from './contracts.js';
import { COURSES, type Course, type Teaching } from './courses.js';

const SPECIAL_TOKENS = ['<|pad|>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>'];
const CHAT_TEMPLATE =
  '{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}' +
  '{% if add_generation_prompt %}<|assistant|>{% endif %}';
const VOCABULARY = 1024;
/** Share of copying among the lessons, so that the skill stays. */
const COPYING = 0.15;
/** Share of practice in single skills: in a review one token in fifty is such a decision, too few to learn it from. */
const PRACTICE = 0.4;
/** Steps on copying alone, before the lessons. */
const COPYING_STEPS = 220;
const LEARNING_RATE = 2e-3;

function* corpus(): Generator<string> {
  const draw = random(1, 'corpus');
  for (let i = 0; i < 3000; i++) {
    yield drawCopying(draw).prompt;
    for (const { lesson } of Object.values(COURSES)) {
      const { prompt, reply } = lesson(draw, 'train');
      yield prompt;
      yield reply;
    }
  }
}

async function makeTokenizer(folder: string): Promise<ChatTokenizer> {
  await mkdir(folder, { recursive: true });
  const json = trainBpe(corpus(), VOCABULARY, SPECIAL_TOKENS);
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: '<|end|>',
    pad_token: '<|pad|>',
    clean_up_tokenization_spaces: false,
    chat_template: CHAT_TEMPLATE,
  };
  await writeFile(path.join(folder, 'tokenizer.json'), JSON.stringify(json));
  await writeFile(path.join(folder, 'tokenizer_config.json'), `${JSON.stringify(config, null, 2)}\n`);
  return ChatTokenizer.load(folder);
}

/** @param from folder of models that have been taught; absent: from nothing. */
async function make(name: string, course: Course, out: string, from?: string): Promise<void> {
  const folder = path.join(out, name);
  const tokenizer = await makeTokenizer(folder);
  let model =
    from === undefined
      ? newModel(course, tokenizer.id('<|end|>')!)
      : await CausalLM.load(path.join(from, name));
  process.stderr.write(`${name}: ${(model.size / 1e6).toFixed(2)} M parameters\n`);
  if (from === undefined) {
    await teach(name, course, model, tokenizer, folder, {
      purpose: 'lesson',
      steps: course.steps,
      rate: LEARNING_RATE,
      lesson: (draw, step) => {
        const kind = draw.next();
        if (step < COPYING_STEPS || kind < COPYING) return drawCopying(draw);
        return kind < COPYING + PRACTICE ? course.practise(draw) : course.lesson(draw, 'train');
      },
    });
    model = await CausalLM.load(folder);
  }
  const { hardening } = course;
  if (hardening) await teach(`${name}, hardening`, course, model, tokenizer, folder, hardening);
}

function newModel({ architecture, seed }: Course, end: number): CausalLM {
  return CausalLM.initialise(
    {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      vocab_size: VOCABULARY,
      ...architecture,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-5,
      rope_theta: 10_000,
      hidden_act: 'silu',
      tie_word_embeddings: true,
      attention_bias: false,
      mlp_bias: false,
      bos_token_id: null,
      eos_token_id: end,
      pad_token_id: 0,
    },
    seed,
  );
}

async function teach(
  title: string,
  { seed, batch, lesson: exam }: Course,
  model: CausalLM,
  tokenizer: ChatTokenizer,
  folder: string,
  { purpose, steps, rate: highest, lesson }: Teaching,
): Promise<void> {
  const [end] = model.config.eosTokens;
  const optimizer = new AdamW(model, { ...ADAMW_DEFAULTS, weightDecay: 0.01 });
  const begun = performance.now();
  for (let step = 0; step < steps; step++) {
    const draw = random(seed, purpose, step);
    const lessons = Array.from({ length: batch }, () => {
      const { prompt, reply } = lesson(draw, step);
      const start = tokenizer.encodeChat([{ role: 'user', content: prompt }]);
      return { tokens: [...start, ...tokenizer.encode(reply), end!], start: start.length };
    });
    const scored = lessons.reduce((sum, { start, tokens }) => sum + tokens.length - start, 0);
    const sequences = lessons.map((one): TrainingSequence => ({ ...one, columns: { weight: 1 / scored } }));
    const result = await gradients(model, sequences, negativeLogLikelihood);
    const rate = highest * scheduleFactor(step, { steps, warmup: 80, decay: 'cosine', floor: 0.02 });
    await optimizer.update(result.gradients, rate);
    const last = step + 1 === steps;
    if ((step + 1) % 50 === 0 || last) {
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      process.stderr.write(
        `${title}: step ${step + 1} of ${steps}, ${seconds} s, loss ${result.loss.toFixed(4)}\n`,
      );
    }
    if ((step + 1) % 200 === 0 || last) {
      await model.save(folder, folder, 'F16');
      for (const split of ['train', 'heldout'] as const) {
        const figures = await examine(model, tokenizer, exam, split, title === 'policy' ? 1 : 0);
        process.stderr.write(`  sampled on ${split} tasks: ${JSON.stringify(figures)}\n`);
      }
    }
  }
}

async function examine(
  model: CausalLM,
  tokenizer: ChatTokenizer,
  lesson: Course['lesson'],
  split: Split,
  temperature: number,
) {
  const draw = random(99, 'examine', split);
  const lessons = Array.from({ length: 128 }, () => lesson(draw, split));
  const replies = await generate(
    model,
    lessons.map(({ prompt }, i) => ({
      prompt: tokenizer.encodeChat([{ role: 'user', content: prompt }]),
      maxTokens: 160,
      uniform: random(99, 'sample', i).next,
    })),
    { temperature, topK: 0, topP: 1 },
  );
  const sums: Record<string, number> = {};
  replies.forEach(({ tokens }, i) => {
    for (const [key, value] of Object.entries(lessons[i]!.grade(tokenizer.decode(tokens)))) {
      sums[key] = (sums[key] ?? 0) + value / lessons.length;
    }
  });
  return Object.fromEntries(Object.entries(sums).map(([key, value]) => [key, Number(value.toFixed(3))]));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string', default: 'examples/quickstart/models' }, from: { type: 'string' } },
});
for (const name of positionals.length > 0 ? positionals : Object.keys(COURSES)) {
  const course = COURSES[name];
  if (!course) throw new Error(`expected one of ${Object.keys(COURSES).join(', ')}; got ${name}`);
  await make(name, course, values.out, values.from);
}
