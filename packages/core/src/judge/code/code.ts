import {
  ABSTENTION_REASONS,
  NO_USAGE,
  type AbstentionReason,
  type Usage,
  type Verdict,
} from '@touchstone/spec';
import { orAbort } from '../../dispatch/abort.js';
import { pathInside } from '../../files/inside.js';
import { loadFunction, messageOf } from '../../files/load-module.js';
import { hashOfModule } from '../../files/module-hash.js';
import { isBlank } from '../../text/answer.js';
import { own } from '../../text/json-value.js';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import { fingerprintOf } from '../fingerprint.js';
import {
  NOTHING_TO_JUDGE,
  type Judge,
  type JudgedRollout,
  type Judgement,
  type JudgeOptions,
} from '../judge.js';
import { sha256 } from '../marker.js';
import { show } from '../parse.js';
import { answerOf } from '../score.js';
import { codeJudgeSchema, type CodeJudgeConfig } from './schema.js';
import { readCodeVerdict, type CodeJudge, type VerdictContent } from './verdict.js';

const EXPECTED = '(rollouts, { repeat, signal }) => one verdict for each of them';

export const code = defineJudge({
  kind: 'code',
  schema: codeJudgeSchema,
  criteria: ({ criteria = [] }) => criteria,
  files: ({ module: name }) => [{ path: ['module'], name, isModule: true }],
  open: async (config, context) => {
    const judge = await loadFunction<CodeJudge>(config.module, context, EXPECTED);
    return new OwnJudge(
      config,
      judge,
      hashOfModule(pathInside(context.baseDir, config.module, 'the module')),
    );
  },
});

/** What one verdict of the module is read as. */
interface Reading {
  verdict: VerdictContent;
  usage: Usage;
  /** What came, as JSON. */
  raw: string;
}

/** Longer ones are not kept whole. */
const MAX_RAW = 20_000;

/**
 * The user's own judge: the default export of a module, a `CodeJudge`. What it gives is read strictly; where that cannot
 * be, where it throws, and where it takes too long the answers abstain. (Code that never gives up its turn cannot be
 * stopped.) A blank answer scores 0 and is not shown to it.
 *
 * The module is part of the fingerprint, with the files that it names by a relative path; packages are not.
 */
class OwnJudge implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly criteria: readonly Criterion[];
  readonly compares: boolean;

  constructor(
    private readonly config: CodeJudgeConfig,
    private readonly run: CodeJudge,
    moduleHash: string,
  ) {
    const { module, ...settings } = config;
    this.id = `code:${module}`;
    this.fingerprint = fingerprintOf(settings, { ours: moduleHash });
    this.criteria = config.criteria ?? [];
    this.compares = config.compares;
  }

  async judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    const shown = rollouts_G.filter(({ response }) => !isBlank(response));
    const calls = this.compares ? [shown] : shown.map((rollout) => [rollout]);
    const judged = (await Promise.all(calls.map((some) => this.judgeTogether(some, options)))).flat();
    let next = 0;
    return rollouts_G.map(({ response }) => (isBlank(response) ? NOTHING_TO_JUDGE : judged[next++]!));
  }

  /** What one call of the module says of these answers. */
  private async judgeTogether(shown: readonly JudgedRollout[], options: JudgeOptions): Promise<Judgement[]> {
    if (shown.length === 0) return [];
    const copies = shown.map(({ id, task: { truth: _, ...task }, response }) => ({ id, task, response }));
    const hash = sha256(JSON.stringify(copies.map(({ task, response }) => [task, response])));
    const key = `${this.fingerprint}-${hash.slice(0, 32)}-${options.repeat ?? 0}`;
    const readings = await this.ask(copies, options);
    return readings.map(({ verdict: content, usage, raw }, i): Judgement => {
      const against = shown.flatMap(({ id }, j) => (j === i ? [] : [id]));
      const verdict: Verdict = {
        judge: this.fingerprint,
        key: this.compares ? `${key}#${i}` : key,
        raw: raw.slice(0, MAX_RAW),
        ...(this.compares ? { against } : {}),
        ...content,
      };
      return { answer: answerOf(verdict), verdicts: [verdict], usage };
    });
  }

  /** Calls the module and reads what it gives, one reading for each answer. */
  private async ask(
    copies: Parameters<CodeJudge>[0],
    { repeat = 0, signal }: JudgeOptions,
  ): Promise<Reading[]> {
    const { module, timeout_seconds } = this.config;
    const none = (reason: AbstentionReason, why: string, raw = ''): Reading => ({
      verdict: { status: 'abstained', reason, detail: `${module} ${why}` },
      usage: NO_USAGE,
      raw,
    });
    if (signal?.aborted) return copies.map(() => none('timeout', 'was not asked before the deadline'));
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeout_seconds * 1000);
    const ended = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
    let given: unknown;
    try {
      const asked = Promise.resolve().then(() =>
        this.run(structuredClone(copies), { repeat, signal: ended }),
      );
      given = await orAbort(asked, ended, () => new Error('too late'));
    } catch (cause) {
      if (signal?.aborted) return copies.map(() => none('timeout', 'had not answered at the deadline'));
      if (ended.aborted)
        return copies.map(() => none('timeout', `took longer than ${timeout_seconds} seconds`));
      return copies.map(() => none(reasonOf(cause), `threw: ${messageOf(cause)}`));
    } finally {
      clearTimeout(timer);
    }
    const raw = toJson(given);
    const list = JSON.parse(raw) as unknown;
    if (!Array.isArray(list) || list.length !== copies.length) {
      const why = `gave ${show(list)}, expected a list of ${copies.length}, one verdict for each answer`;
      return copies.map(() => none('unparseable', why, raw));
    }
    return list.map((one: unknown): Reading => {
      const text = JSON.stringify(one);
      const read = readCodeVerdict(one, this.criteria);
      if ('problem' in read) return none('unparseable', `gave ${show(one)}: ${read.problem}`, text);
      return { ...read, raw: text };
    });
  }
}

/** As JSON: what a module gives may have getters and cycles, numbers that no score can be, and texts without end. */
function toJson(given: unknown): string {
  try {
    const plain = (_: string, value: unknown): unknown => {
      if (typeof value === 'string') return value.slice(0, MAX_RAW);
      return typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
        ? String(value)
        : value;
    };
    return JSON.stringify(given, plain) ?? 'null';
  } catch (cause) {
    return JSON.stringify(`no JSON: ${messageOf(cause)}`);
  }
}

/** An error of a provider says why there is no reply. */
function reasonOf(cause: unknown): AbstentionReason {
  const reason = own(cause, 'reason');
  return ABSTENTION_REASONS.find((one) => one === reason) ?? 'transport';
}
