import type { Rollout, Task } from '@touchstone/spec';
import type { AskedModel } from '../config/evaluation-schema.js';

/** An answer that is there before the evaluation begins. */
export interface KnownAnswer extends Pick<Rollout, 'response' | 'trajectory' | 'finish'> {
  task: Task;
  /** By graders of the file or the run that it comes from, 0–1; null where one gave none. */
  scores: Record<string, number | null>;
  /** Null where nobody counted them. */
  tokens: number | null;
  /** Score against ground truth, 0–1, that it came with; null where it came with none. */
  truth: number | null;
}

/** A model that is evaluated. */
export type Contestant = {
  name: string;
  /** Of all that decides its answers. */
  fingerprint: string;
} & (
  | {
      /** By training of the model, where it was trained several times; else one list. */
      known: { seed: number | null; answers: KnownAnswer[] }[];
      /** Fingerprints of who gave scores of a run or an evaluation that the answers are from, by name. */
      scoredBy?: Record<string, string>;
      drawn?: undefined;
    }
  | { known?: undefined; scoredBy?: undefined; drawn: DrawnModel }
);

/** A model that answers when it is asked. */
export interface DrawnModel {
  config: AskedModel;
  /** Absolute, of a model of this machine; null: it is behind an API. */
  folder: string | null;
  temperature: number;
  max_tokens: number;
}
