import {
  engineRecordSchema,
  gateOutcomeSchema,
  judgeDetailsSchema,
  judgeFindingSchema,
  notAskedSchema,
  type EngineRecord,
} from '@touchstone/spec';
import { z } from 'zod';
import type { Workspace } from '../workspace/workspace.js';
import type { Stage } from './stage.js';

const count = z.int().nonnegative();
const usageSchema = z.strictObject({
  calls: count,
  saved: count,
  inputTokens: count,
  outputTokens: count,
  money: z.number(),
});
const judgeSchema = z.strictObject({
  findings: z.array(judgeFindingSchema),
  details: judgeDetailsSchema,
  gate: gateOutcomeSchema,
  /** Why training goes on although the gate has not passed. */
  overrideReason: z.string().nullable(),
  /** Hash of the certificate. */
  certificate: z.string(),
  notAsked: z.array(notAskedSchema),
  judgements: count,
  abstentions: z.record(z.string(), count),
  unmatchedLabels: count,
  splitLabels: count,
  usage: usageSchema,
  heldoutUsage: usageSchema,
});
const superviseSchema = z.strictObject({
  steps: count,
  bestStep: count,
  examples: count,
  validationLoss: z.number(),
  /** Of training, in whichever process; runs of before have those of the stage alone. */
  seconds: z.number().nullable().default(null),
});

/** Answers to all held-out tasks by one model, scored; they are stored as rollouts. */
export const evaluationOf = (model: string): Stage<null> => ({
  name: `evaluate ${model}`,
  title: `Evaluate ${model}`,
  schema: z.null(),
});

/** Is the judge fit to train against? */
export const JUDGE: Stage<z.output<typeof judgeSchema>> = {
  name: 'judge',
  title: 'Examine the judge',
  schema: judgeSchema,
};

/** Training against the judge; its steps and rollouts are stored as they end, its weights as checkpoints. */
export const REINFORCE: Stage<EngineRecord | null> = {
  name: 'train rft',
  title: 'Reinforcement fine-tuning',
  // Runs of before there were others say nothing of it.
  schema: engineRecordSchema.nullable(),
};

/** Training on answers, for comparison; its looks are stored as steps, its weights are in the folder `sft`. */
export const SUPERVISE: Stage<z.output<typeof superviseSchema>> = {
  name: 'train sft',
  title: 'Supervised fine-tuning',
  schema: superviseSchema,
};

/** The models that are compared, in the order of reports. */
export const modelNames = ({ config }: Pick<Workspace, 'config'>): string[] => [
  'base',
  ...(config.training.sft ? ['sft'] : []),
  'rft',
];
