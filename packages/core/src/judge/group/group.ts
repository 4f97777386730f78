import {
  addUsage,
  NO_USAGE,
  random,
  type AbstentionReason,
  type CriterionVerdict,
  type LanguageModel,
  type Task,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import type { Dispatcher } from '../../dispatch/dispatcher.js';
import { createAsk, type Ask } from '../ask.js';
import type { Criterion } from '../criterion.js';
import { distinctAnswers } from '../distinct.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, JudgedRollout, Judgement, JudgeOptions } from '../judge.js';
import { deriveMarker, sha256 } from '../marker.js';
import { PARSER_VERSION } from '../parse.js';
import { createRubricJudge } from '../rubric/rubric.js';
import { rubricSchema, type GroupConfig } from '../schema.js';
import { scoreCriteria } from '../score.js';
import { chunksOf } from './chunks.js';
import { parseRanking, parseScores, type GroupReply, type Ranked } from './parse.js';
import { createGroupPrompt, groupReplySchema, type GroupPrompt } from './prompt.js';
import { scoresOfRanks } from './ranks.js';

/** The criterion that the verdicts of rankings name; its value is the score, 0–1. */
export const RANK: Criterion = {
  name: 'Rank',
  question: 'What share of the other answers does it beat?',
  scale: 'boolean',
  weight: 1,
};

/**
 * A judge that sees a whole group in one call, in drawn order and under ids drawn for the call. A group that is too
 * large for one call is judged in parts. Where the reply cannot be read after `tries`, or there is one answer only,
 * each answer of the group is judged by itself on the same criteria, so that no two scores of a group come about
 * differently. A blank answer scores 0 and is not shown; copies are shown once.
 *
 * @throws {InputError} when the prompt or the inputs are wrong.
 */
export function createGroupJudge(
  config: GroupConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  { seed }: { seed: number },
): Judge {
  const prompt = createGroupPrompt(config);
  const schema = groupReplySchema(config);
  const { criteria, mode, max_answers, max_group_characters, tries } = config;
  const fingerprint = fingerprintOf(config, { model, ours: [prompt.templates, schema, PARSER_VERSION] });
  const ask = createAsk({ model, dispatcher, seed, fingerprint, config });
  const pointwise = createRubricJudge(pointwiseConfig(config), model, dispatcher, { seed });

  /** Asks for one part, in a new order and under new ids each time, until the reply can be read. */
  async function judgePart(
    part: readonly JudgedRollout[],
    { repeat = 0, signal }: JudgeOptions,
  ): Promise<PartResult> {
    const texts = part.map(({ response }) => prompt.shield(response));
    const content = sha256(JSON.stringify([part[0]!.task, texts]));
    let usage = NO_USAGE;
    let last = { reason: 'unparseable' as AbstentionReason, detail: '' };
    for (let tried = 0; tried < tries; tried++) {
      const names = [content, repeat, tried];
      const ids = idsFor(texts, `${seed}`, names.join('/'));
      const order = random(seed, 'group order', ...names).shuffle(part.map((_, i) => i));
      const result = await askOnce(ask, prompt, {
        task: part[0]!.task,
        shown: order.map((i) => ({ id: ids[i]!, text: texts[i]! })),
        read: (text, marker) =>
          mode === 'rank'
            ? parseRanking(text, { marker, ids })
            : parseScores(text, { marker, ids, criteria }),
        options: { repeat, signal },
        schema,
      });
      usage = addUsage(usage, result.usage);
      if (result.reply) return { ...result, usage, replies: ids.map((id) => result.reply.get(id)!) };
      last = result;
      if (result.reason !== 'unparseable') break;
    }
    return { ...last, usage };
  }

  /** The distinct answers of a group; undefined where they have to be judged one by one. */
  async function judgeTogether(
    answers_D: readonly JudgedRollout[],
    blanks: boolean,
    options: JudgeOptions,
  ): Promise<{ judgements?: Judgement[]; usage: Usage; why: string }> {
    if (answers_D.length < 2) return { usage: NO_USAGE, why: 'there is no other answer' };
    const drawn = random(seed, 'group parts', ...answers_D.map(({ response }) => sha256(response))).shuffle(
      answers_D.map((_, i) => i),
    );
    const parts = chunksOf(
      drawn.map((i) => Math.min(answers_D[i]!.response.length, config.max_candidate_characters)),
      { maxAnswers: max_answers, maxCharacters: max_group_characters, shared: mode === 'rank' },
    ).map((chunk) => chunk.map((at) => drawn[at]!));
    const results = await Promise.all(
      parts.map((places) =>
        judgePart(
          places.map((i) => answers_D[i]!),
          options,
        ),
      ),
    );
    const usage = results.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
    const unreadable = results.find((one) => one.replies === undefined && MENDABLE.includes(one.reason));
    if (unreadable && !unreadable.replies)
      return { usage, why: `${unreadable.reason}: ${unreadable.detail}` };
    const judgements = readParts(answers_D, parts, results, blanks);
    return { judgements, usage, why: '' };
  }

  function readParts(
    answers_D: readonly JudgedRollout[],
    parts: readonly number[][],
    results: readonly PartResult[],
    blanks: boolean,
  ): Judgement[] {
    const ranked = results.flatMap(({ replies }, p) =>
      replies && mode === 'rank'
        ? [{ places: parts[p]!, ranks: replies.map((reply) => ('rank' in reply ? reply.rank : 0)) }]
        : [],
    );
    const scores = mode === 'rank' ? scoresOfRanks(answers_D.length, ranked, blanks) : [];
    return answers_D.map((_, i) => {
      // With ranks the pivot is in every part: the first that was read speaks for it.
      const own = parts
        .map((places, p) => ({ places, result: results[p]! }))
        .filter(({ places }) => places.includes(i));
      const { places, result } = own.find(({ result: { replies } }) => replies !== undefined) ?? own[0]!;
      const against = answers_D.filter((_, j) => j !== i && places.includes(j)).map(({ id }) => id);
      const place = {
        judge: fingerprint,
        against,
        key: result.key === undefined ? '' : `${result.key}#${i}`,
        raw: result.raw ?? '',
      };
      if (!result.replies) {
        const abstained = { status: 'abstained', reason: result.reason, detail: result.detail } as const;
        return { answer: abstained, verdicts: [{ ...place, ...abstained }], usage: NO_USAGE };
      }
      const reply = result.replies[places.indexOf(i)]!;
      const said =
        'rank' in reply
          ? rankVerdict(reply, scores[i]!)
          : { ...reply, ...scoreCriteria(criteria, reply.criteria) };
      const verdict: Verdict = { ...place, status: 'scored', mismatch: false, ...said };
      return { answer: { status: 'scored', score: said.score }, verdicts: [verdict], usage: NO_USAGE };
    });
  }

  return {
    id: model.id,
    fingerprint,
    criteria: mode === 'rank' ? [RANK] : criteria,
    compares: true,
    members: [pointwise],
    price: config.price,
    async judge(rollouts_G, options = {}) {
      const { answers_D, places_G } = distinctAnswers(rollouts_G);
      const together = await judgeTogether(answers_D, places_G.includes(-1), options);
      const judgements_D =
        together.judgements ??
        (await pointwise.judge(answers_D, options)).map((judgement) => noted(judgement, together.why));
      // What a call on several answers costs is counted at the first rollout of the group that was shown.
      const payer = places_G.findIndex((place) => place >= 0);
      return rollouts_G.map((_, g): Judgement => {
        const place = places_G[g]!;
        if (place < 0) return BLANK;
        const { answer, verdicts, usage } = judgements_D[place]!;
        const own = places_G.indexOf(place) === g ? usage : NO_USAGE;
        return { answer, verdicts, usage: g === payer ? addUsage(own, together.usage) : own };
      });
    },
  };
}

const BLANK: Judgement = { answer: { status: 'scored', score: 0 }, verdicts: [], usage: NO_USAGE };

/** What asking about one answer at a time may mend. Only a reply that cannot be read is worth asking for again. */
const MENDABLE: readonly AbstentionReason[] = ['unparseable', 'truncation', 'refusal'];

type Said = Ranked | { criteria: CriterionVerdict[]; mismatch: boolean };

type PartResult = { usage: Usage } & (
  | { replies: Said[]; key: string; raw: string }
  | { replies?: undefined; reason: AbstentionReason; detail: string; key?: string; raw?: string }
);

async function askOnce(
  ask: Ask,
  prompt: GroupPrompt,
  question: {
    task: Task;
    shown: { id: string; text: string }[];
    read: (text: string, marker: string) => GroupReply<Said>;
    options: { repeat: number; signal: AbortSignal | undefined };
    schema: ReturnType<typeof groupReplySchema>;
  },
) {
  const { task, shown, read, options, schema } = question;
  const asked = await ask({ prompt: prompt.fill(task, shown), schema, ...options });
  const { key, raw, usage } = asked;
  if (!asked.reply) return { key, raw, usage, reason: asked.reason, detail: asked.detail };
  const reply = read(asked.reply.text, asked.marker);
  return reply instanceof Map
    ? { key, raw, usage, reply }
    : { key, raw, usage, reason: 'unparseable' as const, detail: reply.problem };
}

/** An id for each text that occurs in none of them, nor in another id's place: who wrote a text cannot foresee it. */
function idsFor(texts: readonly string[], secret: string, name: string): string[] {
  const ids: string[] = [];
  const shown = texts.join('\n');
  for (const i of texts.keys())
    ids.push(deriveMarker(secret, `${name}/candidate ${i}`, [shown, ...ids].join('\n')));
  return ids;
}

function rankVerdict({ evidence, reason }: Ranked, score: number | null) {
  const value = score ?? 0;
  return { score: value, criteria: [{ criterion: RANK.name, evidence, reason, value, score: value }] };
}

function noted(judgement: Judgement, why: string): Judgement {
  const note = `judged by itself: ${why}`;
  return { ...judgement, verdicts: judgement.verdicts.map((verdict) => ({ ...verdict, note })) };
}

/** The rubric that the answers of a group are judged by when they cannot be judged together. */
function pointwiseConfig(config: GroupConfig) {
  const {
    mode: _,
    max_answers: __,
    max_group_characters: ___,
    tries: ____,
    prompt: _____,
    ...shared
  } = config;
  return rubricSchema.parse({ ...shared, kind: 'rubric', unit: 'answer' });
}
