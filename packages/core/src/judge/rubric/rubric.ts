import { addUsage, NO_USAGE, type CriterionVerdict, type Usage, type Verdict } from '@touchstone/spec';
import { AskingJudge, type ModelAccess, type ReadResult } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import type { JudgedRollout, Judgement, JudgeOptions, JudgeVariant } from '../judge.js';
import { changeScale, reverseCriteria } from '../other-criteria.js';
import { PARSER_VERSION, parseReply } from '../parse.js';
import { replySchema } from '../reply-format.js';
import { scaleRange, scoreCriteria, vetoOf } from '../score.js';
import { variantsOf } from '../variants.js';
import { aggregate } from './aggregate.js';
import { candidatesOf, type Candidate } from './candidate.js';
import { inBatches } from './batches.js';
import { weighByLogprobs } from './logprobs.js';
import { createRenderer, rewordedPrompt } from './prompt.js';
import { applyRules } from './rules.js';
import { rubricSchema, type RubricConfig } from './schema.js';

export const rubric = defineJudge({
  kind: 'rubric',
  schema: rubricSchema,
  criteria: ({ criteria }) => criteria,
  open: async (config, { open, seed }) => new RubricJudge(config, await open(config), seed),
});

/** Criteria that are asked for in one call. */
interface Batch {
  criteria: readonly Criterion[];
  renderer: ReturnType<typeof createRenderer>;
  schema: ReturnType<typeof replySchema>;
}

/** A judge that gives each answer, or each item of it, a verdict per criterion. */
export class RubricJudge extends AskingJudge<RubricConfig> {
  readonly criteria: readonly Criterion[];
  private readonly batches: readonly Batch[];

  /** @throws {InputError} when the prompt or the inputs are wrong. */
  constructor(config: RubricConfig, access: ModelAccess, seed: number) {
    const batches = inBatches(config).map((criteria) => ({
      criteria,
      renderer: createRenderer(config, criteria),
      schema: replySchema(criteria),
    }));
    const { templates } = batches[0]!.renderer;
    super(config, access, seed, [templates, replySchema(config.criteria), PARSER_VERSION]);
    this.criteria = config.criteria;
    this.batches = batches;
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    const { unit, max_items, aggregate: how } = this.config;
    return Promise.all(
      rollouts_G.map(async (rollout) => {
        const candidates = candidatesOf(rollout.response, unit, max_items);
        const judged = await Promise.all(
          candidates.map((candidate) => this.judgeCandidate(rollout, candidate, options)),
        );
        const verdicts = judged.map(({ verdict }) => verdict);
        const items = candidates.map(({ value }) => value);
        const usage = judged.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
        return { answer: aggregate(how, verdicts, items), verdicts, usage };
      }),
    );
  }

  variants(): JudgeVariant[] {
    const { config, access, seed } = this;
    const settings = {
      'criteria-reversed': reverseCriteria(config),
      reworded: config.prompt === undefined ? { ...config, prompt: rewordedPrompt(config) } : null,
      'other-scale': changeScale(config),
    };
    return variantsOf(settings, (one) => new RubricJudge(one, access, seed));
  }

  private async judgeCandidate(
    rollout: JudgedRollout,
    { item, value, zero }: Candidate,
    options: JudgeOptions,
  ): Promise<{ verdict: Verdict; usage: Usage }> {
    const place = { judge: this.fingerprint, ...(item === undefined ? {} : { item }) };
    if (zero !== undefined) {
      const criteria = this.criteria.map((criterion) => zeroVerdict(criterion, zero));
      return {
        verdict: { ...place, key: '', raw: '', status: 'scored', score: 0, criteria, mismatch: false },
        usage: NO_USAGE,
      };
    }
    // A batch with a veto is waited for: when it fails, the rest need not be asked.
    let results: BatchResult[] = [];
    let running: Promise<BatchResult>[] = [];
    for (const batch of this.batches) {
      running.push(this.judgeBatch(batch, rollout, value, options));
      if (!batch.criteria.some(({ veto }) => veto !== undefined)) continue;
      results = results.concat(await Promise.all(running));
      running = [];
      if (vetoOf(this.criteria, verdictsOf(results)) !== undefined) break;
    }
    results = results.concat(await Promise.all(running));
    const usage = results.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
    return { verdict: { ...place, ...outcomeOf(this.criteria, results) }, usage };
  }

  /** Asks for the criteria of one batch. */
  private judgeBatch(
    { criteria, renderer, schema }: Batch,
    rollout: JudgedRollout,
    candidate: Candidate['value'],
    options: JudgeOptions,
  ): Promise<BatchResult> {
    const { rules, logprobs, tries } = this.config;
    const prompt = renderer.fill(rollout, candidate);
    return this.askUntilRead({ prompt, schema, logprobs }, options, tries, (reply, marker) => {
      const parsed = parseReply(reply.text, { marker, criteria });
      if ('problem' in parsed) return parsed;
      const { verdicts, note } =
        logprobs === undefined
          ? { verdicts: parsed.criteria, note: undefined }
          : weighByLogprobs(parsed.criteria, criteria, reply, marker);
      const ruled = applyRules(verdicts, rules, criteria, { task: rollout.task, candidate });
      return { verdicts: ruled, mismatch: parsed.mismatch, ...(note ? { note } : {}) };
    });
  }
}

type BatchResult = ReadResult<{ verdicts: CriterionVerdict[]; mismatch: boolean; note?: string }>;

const verdictsOf = (results: readonly BatchResult[]): CriterionVerdict[] =>
  results.flatMap(({ value }) => value?.verdicts ?? []);

/** Several calls as one verdict. What was not asked because of a veto is not in it. */
function outcomeOf(criteria: readonly Criterion[], results: readonly BatchResult[]) {
  const key = results.map((one) => one.key).join('+');
  const raw = results.map((one) => one.raw).join('\n');
  const verdicts = verdictsOf(results);
  const scored = scoreCriteria(criteria, verdicts);
  const failed = results.find((one) => one.value === undefined);
  if (failed && !failed.value && scored.vetoedBy === undefined)
    return { key, raw, status: 'abstained', reason: failed.reason, detail: failed.detail } as const;
  const notes = results.flatMap((one) => (one.value?.note === undefined ? [] : [one.value.note]));
  return {
    key,
    raw,
    status: 'scored',
    ...scored,
    criteria: verdicts,
    mismatch: results.some((one) => one.value?.mismatch === true),
    ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
  } as const;
}

function zeroVerdict(criterion: Criterion, reason: string): CriterionVerdict {
  return { criterion: criterion.name, evidence: '', reason, value: scaleRange(criterion).min, score: 0 };
}
