/**
 * Makes the quickstart's three models from nothing: `npm run make-models -- [policy|judge|heldout] [--steps N] [--out DIR]`.
 * The folders it writes are the ones committed under examples/contract-review/models.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  AdamW,
  ChatTokenizer,
  generate,
  gradients,
  LlamaModel,
  scheduleFactor,
  trainBpe,
  type TrainingSequence,
} from '@touchstone/engine';
import { random, type Random } from '@touchstone/spec';
import { negativeLogLikelihood } from '@touchstone/train';
import { documentOf, drawCopying, drawIssue, promptOf, type PlantedIssue, type Split } from './contracts.js';
import { BASE_RATES, drawComment, drawHabit, writeReview, type ReviewComment } from './reviews.js';
import { gradeComment, truthScore, parseReview } from './truth.js';
import { HELDOUT_JUDGE, TRAINING_JUDGE, verdictReply, type JudgeStyle } from './verdicts.js';

const SPECIAL_TOKENS = ['<|pad|>', '<|end|>', '<|system|>', '<|user|>', '<|assistant|>'];
const CHAT_TEMPLATE =
  '{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}' +
  '{% if add_generation_prompt %}<|assistant|>{% endif %}';
const VOCABULARY = 1024;
/** Share of disturbed wordings in lessons: without them models learn the sentences by heart and quote from memory. */
const ROUGH = 0.8;

interface Lesson {
  prompt: string;
  reply: string;
}

/** What a model learns from, and how well its sampled replies do on held-out tasks (0–1). */
interface Course {
  seed: number;
  architecture: {
    hidden_size: number;
    intermediate_size: number;
    num_hidden_layers: number;
    num_attention_heads: number;
    num_key_value_heads: number;
  };
  /** Steps on copying alone, before the lessons. */
  copyingSteps: number;
  steps: number;
  learningRate: number;
  lesson(draw: Random, split: Split): Lesson & { grade(reply: string): Record<string, number> };
}

const markerLetters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const drawMarker = (draw: Random): string =>
  Array.from({ length: 8 }, () => markerLetters[draw.integer(36)]).join('');

function judgeLesson(style: JudgeStyle) {
  return (draw: Random, split: Split) => {
    const issue = drawIssue(draw, split, split === 'train' ? ROUGH : 0);
    const comment = drawComment(draw, issue);
    const marker = drawMarker(draw);
    const fields: Record<string, string> = {
      document: documentOf(issue),
      reference: `${issue.guideline}.`,
      item: JSON.stringify(comment),
      marker,
    };
    const reply = verdictReply(style, issue, comment, marker);
    return {
      prompt: style.template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => fields[name]!),
      reply,
      grade: (text: string) => gradeVerdict(text, style, issue, comment, reply),
    };
  };
}

function gradeVerdict(
  text: string,
  style: JudgeStyle,
  issue: PlantedIssue,
  comment: ReviewComment,
  reply: string,
) {
  const expected = gradeComment(issue, comment);
  const scores: Record<string, number> = { exact: Number(text === reply) };
  let verdicts: { criterion: string; score: unknown }[] = [];
  try {
    verdicts = (JSON.parse(text) as { verdicts: typeof verdicts }).verdicts;
  } catch {
    // Counts as wrong below.
  }
  scores['parsed'] = Number(verdicts.length > 0);
  scores['marker'] = Number(text.startsWith(reply.slice(0, 18)));
  for (const [criterion, grade] of Object.entries(expected)) {
    const got = verdicts.find((v) => v.criterion === criterion)?.score;
    scores[criterion] = Number(got === (style.scale === 'graded' ? grade : grade === 5));
  }
  return scores;
}

const COURSES: Record<string, Course> = {
  policy: {
    seed: 11,
    architecture: {
      hidden_size: 192,
      intermediate_size: 384,
      num_hidden_layers: 3,
      num_attention_heads: 6,
      num_key_value_heads: 3,
    },
    copyingSteps: 200,
    steps: 1100,
    learningRate: 2e-3,
    lesson(draw, split) {
      const issue = drawIssue(draw, split, split === 'train' ? ROUGH : 0);
      return {
        prompt: promptOf(issue),
        reply: writeReview(draw, issue, drawHabit(draw, BASE_RATES)),
        grade: (reply) => ({
          valid: Number(parseReview(reply) !== null),
          truth: truthScore({ truth: issue as never }, reply),
          exact: Number(truthScore({ truth: issue as never }, reply) === 1),
        }),
      };
    },
  },
  judge: {
    seed: 21,
    architecture: {
      hidden_size: 192,
      intermediate_size: 384,
      num_hidden_layers: 4,
      num_attention_heads: 6,
      num_key_value_heads: 3,
    },
    copyingSteps: 200,
    steps: 1200,
    learningRate: 2e-3,
    lesson: judgeLesson(TRAINING_JUDGE),
  },
  heldout: {
    seed: 31,
    architecture: {
      hidden_size: 160,
      intermediate_size: 320,
      num_hidden_layers: 4,
      num_attention_heads: 5,
      num_key_value_heads: 5,
    },
    copyingSteps: 200,
    steps: 1200,
    learningRate: 2e-3,
    lesson: judgeLesson(HELDOUT_JUDGE),
  },
};

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

async function make(
  name: string,
  { seed, architecture, copyingSteps, steps, learningRate, lesson }: Course,
  out: string,
): Promise<void> {
  const folder = path.join(out, name);
  const tokenizer = await makeTokenizer(folder);
  const end = tokenizer.id('<|end|>')!;
  const model = LlamaModel.initialise(
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
  process.stderr.write(`${name}: ${(model.size / 1e6).toFixed(2)} M parameters\n`);
  const optimizer = new AdamW(model, {
    beta1: 0.9,
    beta2: 0.98,
    epsilon: 1e-8,
    weightDecay: 0.01,
    maxGradNorm: 1,
  });
  const begun = Date.now();
  const BATCH = 64;
  for (let step = 0; step < steps; step++) {
    const draw = random(seed, 'lesson', step);
    const lessons = Array.from({ length: BATCH }, () => {
      const { prompt, reply } = step < copyingSteps ? drawCopying(draw) : lesson(draw, 'train');
      const start = tokenizer.encodeChat([{ role: 'user', content: prompt }]);
      return { prompt: start, tokens: [...start, ...tokenizer.encode(reply), end] };
    });
    const scored = lessons.reduce((sum, { prompt, tokens }) => sum + tokens.length - prompt.length, 0);
    const sequences: TrainingSequence[] = lessons.map(({ prompt, tokens }) => ({
      tokens,
      start: prompt.length,
      columns: { weight: 1 / scored },
    }));
    const result = await gradients(model, sequences, negativeLogLikelihood);
    const rate = learningRate * scheduleFactor(step, { steps, warmup: 80, decay: 'cosine', floor: 0.02 });
    await optimizer.update(result.gradients, rate);
    if ((step + 1) % 50 === 0) {
      const mean = lessons.reduce((sum, { tokens }) => sum + tokens.length, 0) / BATCH;
      process.stderr.write(
        `${name} step ${step + 1}/${steps}  ${((Date.now() - begun) / 1000).toFixed(0)} s  loss ${result.loss.toFixed(4)}  tokens ${mean.toFixed(0)}\n`,
      );
    }
    if (((step + 1) % 200 === 0 && step > copyingSteps) || step + 1 === steps) {
      await model.save(folder, folder, 'F16');
      for (const split of ['train', 'heldout'] as const) {
        process.stderr.write(
          `  sampled on ${split}: ${JSON.stringify(await examine(model, tokenizer, lesson, split, name !== 'policy'))}\n`,
        );
      }
    }
  }
}

async function examine(
  model: LlamaModel,
  tokenizer: ChatTokenizer,
  lesson: Course['lesson'],
  split: Split,
  greedy: boolean,
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
    { temperature: greedy ? 0 : 1, topK: 0, topP: 1 },
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
  options: { steps: { type: 'string' }, out: { type: 'string', default: 'examples/contract-review/models' } },
});
for (const name of positionals.length > 0 ? positionals : Object.keys(COURSES)) {
  const course = COURSES[name];
  if (!course) throw new Error(`expected one of ${Object.keys(COURSES).join(', ')}; got ${name}`);
  await make(name, values.steps ? { ...course, steps: Number(values.steps) } : course, values.out);
}
