import type { ValidationResult } from '@touchstone/lab';
import type { Summary } from '@touchstone/spec';
import type { FineTuneResult } from '@touchstone/train';
import type { Workspace } from '../workspace/workspace.js';

/** What the judge stage leaves behind. */
export type JudgeStage = Omit<ValidationResult, 'gate'> & {
  gate: Summary['judge']['gate'];
  overrideReason: string | null;
};
/** What the SFT stage leaves behind. */
export type SftStage = Omit<FineTuneResult, 'model'>;

/** The models that are compared, in the order of reports. */
export const modelNames = ({ config }: Workspace): string[] => [
  'base',
  ...(config.training.sft ? ['sft'] : []),
  'rft',
];
