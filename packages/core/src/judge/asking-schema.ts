import { z } from 'zod';
import { callsSchema } from '../dispatch/schema.js';
import { modelFields } from '../providers/schema.js';
import { name } from './criterion.js';

/** Tokens of one reply; providers reserve quota for it when a call starts. */
export const maxTokens = z.int().positive().default(1024).meta({ description: 'Tokens of one reply' });
export const temperature = z
  .number()
  .min(0)
  .max(2)
  .nullable()
  .default(0)
  .meta({ description: '0 is the steadiest; null leaves it out, for models that refuse it' });

/** What every judge has that asks a model for JSON. What `callsSchema` has is for its dispatcher. */
export const askingFields = {
  ...modelFields,
  objective: z.string().min(1).meta({ description: 'What is judged, in a sentence or two' }),
  /** Replaces the default template. `{{name}}` is filled once; unknown names are refused. */
  prompt: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Replaces the default prompt; {{name}} is filled in' }),
  /** Names for the prompt, each with its place in the task: `document: metadata.document`. */
  inputs: z
    .record(name, z.string())
    .default({})
    .meta({ description: 'Names for the prompt and where in the task they are' }),
  max_tokens: maxTokens,
  temperature,
  /** Each time under a new marker, and a group in a new order. Only replies that cannot be read are asked for again. */
  tries: z
    .int()
    .positive()
    .max(10)
    .default(2)
    .meta({ description: 'Times to ask while the reply cannot be read' }),
  /** Longer candidates are cut, and the prompt says so. */
  max_candidate_characters: z
    .int()
    .positive()
    .default(20_000)
    .meta({ description: 'Longer candidates are cut' }),
  ...callsSchema.shape,
};
