import { isRecord, type Meant } from '@touchstone/core';
import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import type { z } from 'zod';
import type { Outcome } from '../scoring/outcome.js';

/** A sample with its outcome. */
export interface Judged {
  id: string;
  /** null: it could not be read. */
  rollout: Rollout | null;
  outcome: Outcome;
  /** 0–1: the score, or what stands in for it where there is none. */
  number: number;
}

/** A request in our words. */
export interface Call {
  /** The samples, as they came. */
  rows: readonly unknown[];
  /**
   * Reads one of them; `problem` says what is wrong with its answer where its task can be read.
   *
   * @throws {InputError} when it cannot be read: that costs this row and no other.
   */
  readRow(row: unknown, index: number): Rollout & { problem?: string };
  /** The name that the client gave the group of a sample, if it gave one. */
  groupOf?(row: unknown): string | undefined;
  run?: string | undefined;
  deadlineMs?: number | undefined;
  groupSize?: number | undefined;
  /** The reply, as the trainer reads it. */
  write(judged: Judged[]): unknown;
}

/** A path that a trainer asks beside its wire, and that always gets the same reply. */
export interface Formality {
  name: string;
  method: 'get' | 'post';
  path: string;
  /** For the OpenAPI document. */
  summary: string;
  reply: z.ZodType;
  says: JsonValue;
}

/** One trainer's wire: how its request is read and its reply is written. */
export interface Adapter {
  /** Names the wire in logs and metrics. */
  name: string;
  path: string;
  /** For the OpenAPI document. */
  summary: string;
  description: string;
  request: z.ZodType;
  reply: z.ZodType;
  /** Milliseconds after which it is answered with what there is; shorter than the trainer's own patience. */
  deadlineMs: number;
  /**
   * How a sample without a score is said. `carried`: the wire has a word for it. `number`: it has none, and a number
   * stands in. `refused`: the whole request is answered with the status 503.
   */
  abstention: 'carried' | 'number' | 'refused';
  /** The reply goes into a tensor as it is: its numbers are written as floats, see `toFloatJson`. */
  floats?: boolean;
  formalities?: readonly Formality[];
  /**
   * @param meant fields of a task that are no misnamed reference; only our own wire looks.
   * @throws {InputError} when not even the samples can be found in the body.
   */
  read(body: unknown, meant?: Meant): Call;
}

/**
 * The body of a request, which must have all of `keys`. What they hold may be odd: that is for whoever reads the sample.
 *
 * @throws {InputError} naming what is missing.
 */
export function objectWith(body: unknown, keys: readonly string[]): Record<string, unknown> {
  const missing = keys.filter((key) => !isRecord(body) || !Object.hasOwn(body, key));
  if (isRecord(body) && missing.length === 0) return body;
  throw new InputError(
    missing.map((key) => ({ message: `${key}: expected this key in an object, got nothing` })),
  );
}
