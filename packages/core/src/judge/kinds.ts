import { z } from 'zod';
import { schemasOf } from '../table.js';
import { cascade } from './cascade/cascade.js';
import { panel } from './panel/panel.js';
import { SINGLE_JUDGES } from './single-judges.js';

/** Every kind of judge: the single ones, and those that are made of several. */
export const JUDGES = [...SINGLE_JUDGES, panel, cascade] as const;

/** One judge of `touchstone.yaml`. */
export const judgeSchema = z.discriminatedUnion('kind', schemasOf(JUDGES));
export type JudgeConfig = z.output<typeof judgeSchema>;
export type SingleJudgeConfig = z.output<(typeof SINGLE_JUDGES)[number]['schema']>;
