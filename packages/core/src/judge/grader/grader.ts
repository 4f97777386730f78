import { defineJudge, type JudgeContext } from '../define.js';
import { categoriesOf } from '../task-criteria/schema.js';
import { CriterionGrader } from './criterion-grader.js';
import { fieldsOf } from './fields.js';
import { GraderJudge } from './grader-judge.js';
import { fieldsModelSchema, labelModelSchema, scoreModelSchema, type GraderConfig } from './schema.js';

const shared = {
  criteria: (config: GraderConfig) => fieldsOf(config).map(({ criterion }) => criterion),
  open: async (config: GraderConfig, { open, seed }: JudgeContext) =>
    new GraderJudge(config, await open(config), seed),
};
export const scoreModel = defineJudge({ kind: 'score-model', schema: scoreModelSchema, ...shared });
export const labelModel = defineJudge({
  kind: 'label-model',
  schema: labelModelSchema,
  criteria: (config) => (config.criteria ? categoriesOf(config.criteria) : shared.criteria(config)),
  open: async (config, { open, seed }) => {
    const { criteria } = config;
    const access = await open(config);
    return criteria
      ? new CriterionGrader({ ...config, criteria }, access, seed)
      : new GraderJudge(config, access, seed);
  },
});
export const fieldsModel = defineJudge({ kind: 'fields-model', schema: fieldsModelSchema, ...shared });
