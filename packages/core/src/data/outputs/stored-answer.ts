import type { JsonObject, JsonValue, Message, Rollout } from '@touchstone/spec';

/** What a row says of the task, before rows of one task are brought together. */
export interface RowTask {
  /** Absent: what is asked says which task it is. */
  id?: string;
  messages: Message[];
  reference: JsonValue;
  metadata: JsonObject;
  truth?: JsonValue;
}

/** One answer of a row. */
export interface RowAnswer extends Pick<Rollout, 'response' | 'trajectory' | 'finish'> {
  /** As the row names it. */
  model?: string;
  /** By graders of the file, by name, on their own scales; null where one gave none. */
  scores: Record<string, number | null>;
  /** What becomes 0 and what becomes 1 of those graders' scores whose scale the format knows. */
  scales?: Record<string, [number, number]>;
  /** As the file counts them; null where it does not. */
  tokens: number | null;
}

/** What the reader of a format makes of a row. */
export type RowReading =
  | {
      task: RowTask;
      answers: RowAnswer[];
      /** The row's own name, where no two rows may share one. */ row?: string;
    }
  /** It is a row of this format that has no answer, and why. It is set aside, and said. */
  | { odd: string; row?: string }
  /** It is none, and what was expected: the file is refused. */
  | { problems: string[] };

/** A format of stored outputs. */
export interface OutputFormat {
  name: string;
  /** What a row looks like, for messages and documents. */
  looks: string;
  /** Whether the row shows, by keys of this format, that it is one. */
  isOne(row: JsonObject): boolean;
  read(row: JsonObject): RowReading;
}
