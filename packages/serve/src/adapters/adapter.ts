import { InputError, type JsonValue, type Rollout } from '@touchstone/spec';
import type { z } from 'zod';
import type { Outcome } from '../scoring/outcome.js';

/** A sample with its outcome. */
export interface Judged {
  rollout: Rollout;
  outcome: Outcome;
  /** 0–1: the score, or what stands in for it where there is none. */
  number: number;
}

/** A request in our words. */
export interface Call {
  rollouts: Rollout[];
  /** The name that the client gave the group of each rollout, where it gave one. */
  groups?: (string | undefined)[];
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
  /** @throws {InputError} naming everything in the body that is wrong. */
  read(body: unknown): Call;
}

/** @throws {InputError} with the place of each fault. */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map(({ path, message }) => ({
      message: path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
    })),
  );
}
