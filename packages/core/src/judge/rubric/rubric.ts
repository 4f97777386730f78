import {
  addUsage,
  NO_USAGE,
  type CriterionVerdict,
  type LanguageModel,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import type { Dispatcher } from '../../dispatch/dispatcher.js';
import { askUntilRead, createAsk, type Said } from '../ask.js';
import type { Criterion } from '../criterion.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, JudgedRollout, JudgeOptions } from '../judge.js';
import { PARSER_VERSION, parseReply } from '../parse.js';
import { replySchema } from '../reply-format.js';
import type { RubricConfig } from '../schema.js';
import { scaleRange, scoreCriteria, vetoOf } from '../score.js';
import { aggregate } from './aggregate.js';
import { candidatesOf, type Candidate } from './candidate.js';
import { inBatches } from './batches.js';
import { weighByLogprobs } from './logprobs.js';
import { createRenderer } from './prompt.js';
import { applyRules } from './rules.js';

/**
 * A judge that gives each answer, or each item of it, a verdict per criterion.
 *
 * @param options.seed makes markers and sampling repeatable; it is no part of the fingerprint.
 * @throws {InputError} when the prompt or the inputs are wrong.
 */
export function createRubricJudge(
  config: RubricConfig,
  model: LanguageModel,
  dispatcher: Dispatcher,
  { seed }: { seed: number },
): Judge {
  const batches = inBatches(config).map((criteria) => ({
    criteria,
    renderer: createRenderer(config, criteria),
    schema: replySchema(criteria),
  }));
  const { rules, logprobs, aggregate: how } = config;
  const fingerprint = fingerprintOf(config, {
    model,
    ours: [batches[0]!.renderer.templates, replySchema(config.criteria), PARSER_VERSION],
  });
  const ask = createAsk({ model, dispatcher, seed, fingerprint, config });

  /** Asks for the criteria of one batch. */
  async function judgeBatch(
    { criteria, renderer, schema }: (typeof batches)[number],
    rollout: JudgedRollout,
    candidate: Candidate,
    { repeat = 0, signal }: JudgeOptions,
  ): Promise<BatchResult> {
    const prompt = renderer.fill(rollout, candidate.value);
    return askUntilRead(ask, { prompt, schema, repeat, signal, logprobs }, config.tries, (reply, marker) => {
      const parsed = parseReply(reply.text, { marker, criteria });
      if ('problem' in parsed) return parsed;
      const { verdicts, note } =
        logprobs === undefined
          ? { verdicts: parsed.criteria, note: undefined }
          : weighByLogprobs(parsed.criteria, criteria, reply, marker);
      const ruled = applyRules(verdicts, rules, criteria, { task: rollout.task, candidate: candidate.value });
      return { verdicts: ruled, mismatch: parsed.mismatch, ...(note ? { note } : {}) };
    });
  }

  async function judgeOne(
    rollout: JudgedRollout,
    candidate: Candidate,
    options: JudgeOptions,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const place = { judge: fingerprint, ...(candidate.item === undefined ? {} : { item: candidate.item }) };
    if (candidate.zero !== undefined) {
      const criteria = config.criteria.map((criterion) => zeroVerdict(criterion, candidate.zero!));
      return {
        verdict: { ...place, key: '', raw: '', status: 'scored', score: 0, criteria, mismatch: false },
        usage: NO_USAGE,
      };
    }
    // A batch with a veto is waited for: when it fails, the rest need not be asked.
    const results: BatchResult[] = [];
    let running: Promise<BatchResult>[] = [];
    for (const batch of batches) {
      running.push(judgeBatch(batch, rollout, candidate, options));
      if (!batch.criteria.some(({ veto }) => veto !== undefined)) continue;
      results.push(...(await Promise.all(running)));
      running = [];
      if (vetoOf(config.criteria, verdictsOf(results)) !== undefined) break;
    }
    results.push(...(await Promise.all(running)));
    const usage = results.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
    return { verdict: { ...place, ...outcomeOf(config.criteria, results) }, usage };
  }

  return {
    id: model.id,
    fingerprint,
    criteria: config.criteria,
    price: config.price,
    judge: (rollouts_G, options = {}) =>
      Promise.all(
        rollouts_G.map(async (rollout) => {
          const candidates = candidatesOf(rollout.response, config.unit, config.max_items);
          const judged = await Promise.all(
            candidates.map((candidate) => judgeOne(rollout, candidate, options)),
          );
          const verdicts = judged.map(({ verdict }) => verdict);
          const items = candidates.map(({ value }) => value);
          const usage = judged.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
          return { answer: aggregate(how, verdicts, items), verdicts, usage };
        }),
      ),
  };
}

type BatchResult = Said<{ verdicts: CriterionVerdict[]; mismatch: boolean; note?: string }>;

const verdictsOf = (results: readonly BatchResult[]): CriterionVerdict[] =>
  results.flatMap(({ said }) => said?.verdicts ?? []);

/** Several calls as one verdict. What was not asked because of a veto is not in it. */
function outcomeOf(criteria: readonly Criterion[], results: readonly BatchResult[]) {
  const key = results.map((one) => one.key).join('+');
  const raw = results.map((one) => one.raw).join('\n');
  const verdicts = verdictsOf(results);
  const scored = scoreCriteria(criteria, verdicts);
  const failed = results.find((one) => one.said === undefined);
  if (failed && !failed.said && scored.vetoedBy === undefined)
    return { key, raw, status: 'abstained', reason: failed.reason, detail: failed.detail } as const;
  const notes = results.flatMap((one) => (one.said?.note === undefined ? [] : [one.said.note]));
  return {
    key,
    raw,
    status: 'scored',
    ...scored,
    criteria: verdicts,
    mismatch: results.some((one) => one.said?.mismatch === true),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  } as const;
}

function zeroVerdict(criterion: Criterion, reason: string): CriterionVerdict {
  return { criterion: criterion.name, evidence: '', reason, value: scaleRange(criterion).min, score: 0 };
}
