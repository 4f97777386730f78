import type { JsonObject, JsonValue } from './json.js';

/** One turn of a conversation. Multi-part content is joined to text when data is read. */
export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A prompt to answer, with what the judge may look at (`reference`) and what only evaluation may (`truth`). */
export interface Task {
  id: string;
  messages: Message[];
  /** What a good answer is measured against: a guideline, a document, a gold answer. */
  reference: JsonValue;
  /** Other fields of the data line; templates reach them as `{{metadata.NAME}}`. */
  metadata: JsonObject;
  /** Ground truth for evaluation only. It is never rendered into a prompt and never part of a reward. */
  truth?: JsonValue;
}

/** One sampled answer to a task. Rollouts of one task in one step form a group. */
export interface Rollout {
  id: string;
  task: Task;
  response: string;
  /** What the policy did before it answered, as text: its calls of tools and what they returned. A judge is shown it before the response. */
  trajectory?: string;
  /** `length`: the token limit cut the answer. */
  finish: 'stop' | 'length';
  /** Identifies the group: rollouts that are compared with one another. */
  group: string;
  /** The policy that wrote it, for example `base` or `rft@32`. */
  policy: string;
}
