import {
  addUsage,
  NO_USAGE,
  random,
  type AbstentionReason,
  type JsonObject,
  type Usage,
} from '@touchstone/spec';
import { AskingJudge, type ModelAccess, type ReadResult } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import { distinctAnswers } from '../distinct.js';
import {
  NOTHING_TO_JUDGE,
  type Judge,
  type JudgedRollout,
  type Judgement,
  type JudgeOptions,
  type JudgeVariant,
} from '../judge.js';
import { deriveMarker, sha256 } from '../marker.js';
import { once } from '../once.js';
import { changeScale, reverseCriteria } from '../other-criteria.js';
import { PARSER_VERSION } from '../parse.js';
import { RubricJudge } from '../rubric/rubric.js';
import { variantsOf } from '../variants.js';
import { chunksOf } from './chunks.js';
import { parseRanking, parseScores } from './parse.js';
import { judgementsOfParts, type CandidateReply, type JudgedPart } from './parts.js';
import { createGroupPrompt, groupReplySchema, type GroupPrompt } from './prompt.js';
import { groupSchema, pointwiseConfig, type GroupConfig } from './schema.js';

export const group = defineJudge({
  kind: 'group',
  schema: groupSchema,
  criteria: criteriaIn,
  open: async (config, { open, seed }) => new GroupJudge(config, await open(config), seed),
});

/** A ranking is of whole answers: the criteria only say what counts. */
function criteriaIn({ mode, criteria }: GroupConfig): readonly Criterion[] {
  return mode === 'rank' ? [] : criteria;
}

/** What asking about one answer at a time may help with. Only a reply that cannot be read is worth asking for again. */
const BETTER_ALONE: readonly AbstentionReason[] = ['unparseable', 'truncation', 'refusal'];

/**
 * A judge that sees a whole group in one call, in drawn order and under ids drawn for the call. A group that is too
 * large for one call is judged in parts. Where the reply cannot be read after `tries`, or there is one answer only,
 * each answer of the group is judged by itself on the same criteria, so that no two scores of a group come about
 * differently. A blank answer scores 0 and is not shown; copies are shown once.
 */
export class GroupJudge extends AskingJudge<GroupConfig> {
  readonly criteria: readonly Criterion[];
  readonly compares = true;
  readonly members: readonly [Judge];
  private readonly prompt: GroupPrompt;
  private readonly schema: JsonObject;

  /** @throws {InputError} when the prompt or the inputs are wrong. */
  constructor(config: GroupConfig, access: ModelAccess, seed: number) {
    const prompt = createGroupPrompt(config);
    const schema = groupReplySchema(config);
    super(config, access, seed, [prompt.templates, schema, PARSER_VERSION]);
    this.criteria = criteriaIn(config);
    this.members = [new RubricJudge(pointwiseConfig(config), access, seed)];
    this.prompt = prompt;
    this.schema = schema;
  }

  variants(): JudgeVariant[] {
    const { config, access, seed } = this;
    // What counts in a ranking is named with the most important first.
    if (config.mode === 'rank') return [];
    const settings = { 'criteria-reversed': reverseCriteria(config), 'other-scale': changeScale(config) };
    return variantsOf(settings, (one) => new GroupJudge(one, access, seed));
  }

  async judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    const { answers_D, places_G } = distinctAnswers(rollouts_G);
    const { parts, usage: shared, why } = await this.judgeTogether(answers_D, options);
    const judgements_D = parts
      ? judgementsOfParts(answers_D, parts, {
          judge: this.fingerprint,
          criteria: this.config.criteria,
          blanks: places_G.includes(-1),
        })
      : (await this.members[0].judge(answers_D, options)).map((judgement) => noted(judgement, why));
    // What a call on several answers costs is counted at the first rollout of the group that was shown.
    const payer = places_G.findIndex((place) => place >= 0);
    return rollouts_G.map((_, g): Judgement => {
      const place = places_G[g]!;
      if (place < 0) return NOTHING_TO_JUDGE;
      const { answer, verdicts, usage } = judgements_D[place]!;
      const own = places_G.indexOf(place) === g ? usage : NO_USAGE;
      return { answer, verdicts, usage: g === payer ? addUsage(own, shared) : own };
    });
  }

  /** Asks for the distinct answers of a group, in parts; no parts where they have to be judged one by one. */
  private async judgeTogether(
    answers_D: readonly JudgedRollout[],
    options: JudgeOptions,
  ): Promise<{ parts?: JudgedPart[]; usage: Usage; why: string }> {
    if (answers_D.length < 2) return { usage: NO_USAGE, why: 'there is no other answer' };
    const parts = await Promise.all(
      this.chunks(answers_D).map(async (places) => ({
        places,
        ...(await this.judgePart(
          places.map((i) => answers_D[i]!),
          options,
        )),
      })),
    );
    const usage = parts.reduce((sum, part) => addUsage(sum, part.usage), NO_USAGE);
    const unreadable = parts.find((part) => part.value === undefined && BETTER_ALONE.includes(part.reason));
    if (unreadable && !unreadable.value) return { usage, why: `${unreadable.reason}: ${unreadable.detail}` };
    return { parts, usage, why: '' };
  }

  /** Places of the answers that are judged in one call, in drawn order. Parts of a ranking share an answer. */
  private chunks(answers_D: readonly JudgedRollout[]): number[][] {
    const { max_answers, max_group_characters, max_candidate_characters, mode } = this.config;
    const names = answers_D.map(({ response }) => sha256(response));
    const drawn = random(this.seed, 'group parts', ...names).shuffle(answers_D.map((_, i) => i));
    return chunksOf(
      drawn.map((i) => Math.min(answers_D[i]!.response.length, max_candidate_characters)),
      { maxAnswers: max_answers, maxCharacters: max_group_characters, shared: mode === 'rank' },
    ).map((chunk) => chunk.map((at) => drawn[at]!));
  }

  /** Asks for one part, in a new order and under new ids each time, until the reply can be read. */
  private async judgePart(
    part: readonly JudgedRollout[],
    options: JudgeOptions,
  ): Promise<ReadResult<CandidateReply[]>> {
    const { task } = part[0]!;
    const texts = part.map(({ response }) => this.prompt.shield(response));
    const content = sha256(JSON.stringify([task, texts]));
    let usage = NO_USAGE;
    for (let tried = 0; ; tried++) {
      const names = [content, options.repeat ?? 0, tried];
      const ids = idsFor(texts, `${this.seed}`, names.join('/'));
      const order = random(this.seed, 'group order', ...names).shuffle(part.map((_, i) => i));
      const shown = order.map((i) => ({ id: ids[i]!, text: texts[i]! }));
      const read = once((text: string, marker: string) => this.read(text, marker, ids));
      const result = await this.ask(
        { prompt: this.prompt.fill(task, shown), schema: this.schema },
        options,
        ({ text }, marker) => !('problem' in read(text, marker)),
      );
      usage = addUsage(usage, result.usage);
      const { key, raw } = result;
      const isLast = tried + 1 >= this.config.tries;
      if (!result.reply) {
        if (result.reason === 'unparseable' && !isLast) continue;
        return { key, raw, usage, reason: result.reason, detail: result.detail };
      }
      const value = read(result.reply.text, result.marker);
      if (!('problem' in value)) return { key, raw, usage, value };
      if (isLast) return { key, raw, usage, reason: 'unparseable', detail: value.problem };
    }
  }

  /** What a reply says of each candidate, in the order of their ids. */
  private read(text: string, marker: string, ids: readonly string[]): CandidateReply[] | { problem: string } {
    const { mode, criteria } = this.config;
    const replies =
      mode === 'rank' ? parseRanking(text, { marker, ids }) : parseScores(text, { marker, ids, criteria });
    return replies instanceof Map ? ids.map((id) => replies.get(id)!) : replies;
  }
}

/** An id for each text that occurs in none of them, nor in another id's place: who wrote a text cannot foresee it. */
function idsFor(texts: readonly string[], secret: string, name: string): string[] {
  const ids: string[] = [];
  const shown = texts.join('\n');
  for (const i of texts.keys())
    ids.push(deriveMarker(secret, `${name}/candidate ${i}`, [shown, ...ids].join('\n')));
  return ids;
}

function noted(judgement: Judgement, why: string): Judgement {
  const note = `judged by itself: ${why}`;
  return { ...judgement, verdicts: judgement.verdicts.map((verdict) => ({ ...verdict, note })) };
}
