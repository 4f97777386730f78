import { code } from './code/code.js';
import { labelModel, scoreModel } from './grader/grader.js';
import { group } from './group/group.js';
import { preference } from './preference/preference.js';
import { rubric } from './rubric/rubric.js';

/** Every kind of judge that is not made of others; panels and cascades hold these. A new one is a folder, and a line here. */
export const SINGLE_JUDGES = [rubric, preference, group, scoreModel, labelModel, code] as const;
