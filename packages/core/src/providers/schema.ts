import { z } from 'zod';
import { parseModelId } from './model-id.js';
import { settingFields } from './settings.js';
import { PROVIDERS } from './table.js';

const modelId = z
  .string()
  .meta({ description: `provider:model, for example ${PROVIDERS.map(({ example }) => example).join(', ')}` })
  .superRefine((id, context) => {
    try {
      parseModelId(id);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/** What configuration says of a model, as parts, so that a policy and a judge can add their own keys. */
export const modelFields = { model: modelId, ...settingFields };

export const modelSchema = z.strictObject(modelFields);
export type ModelConfig = z.output<typeof modelSchema>;
export type { Price } from './settings.js';
