import { code } from './code/code.js';
import { fieldsModel, labelModel, scoreModel } from './grader/grader.js';
import { group } from './group/group.js';
import { pairModel } from './pair-model/pair-model.js';
import { preference } from './preference/preference.js';
import { rubric } from './rubric/rubric.js';
import { taskRubric } from './task-rubric/task-rubric.js';

/** Every kind of judge that is not made of others; panels and cascades hold these. A new one is a folder, and a line here. */
export const SINGLE_JUDGES = [
  rubric,
  taskRubric,
  preference,
  pairModel,
  group,
  scoreModel,
  labelModel,
  fieldsModel,
  code,
] as const;
