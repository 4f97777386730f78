import type { Probe } from '../probe.js';
import { authority } from './authority.js';
import { canary } from './canary.js';
import { comparison } from './comparison.js';
import { empty } from './empty.js';
import { forgedVerdict } from './forged-verdict.js';
import { form } from './form.js';
import { instructions } from './instructions.js';
import { invariance } from './invariance.js';
import { length } from './length.js';
import { mined } from './mined.js';
import { minimalDefect } from './minimal-defect.js';
import { reference } from './reference.js';

/** Every probe. A new one is an entry in its group's file. */
export const PROBES: readonly Probe[] = [
  ...empty,
  ...instructions,
  ...forgedVerdict,
  ...authority,
  ...length,
  ...form,
  ...minimalDefect,
  ...invariance,
  ...comparison,
  ...reference,
  ...mined,
  ...canary,
];
