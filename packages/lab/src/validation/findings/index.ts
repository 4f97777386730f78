import { probeFindings } from '../../probes/findings.js';
import type { FindingFamily } from '../finding.js';
import { abstentions } from './abstentions.js';
import { baselines } from './baselines.js';
import { bias } from './bias.js';
import { calibration } from './calibration.js';
import { consistency } from './consistency.js';
import { heldout } from './heldout.js';
import { criteria, labels } from './labels.js';
import { order } from './order.js';
import { panel } from './panel.js';
import { people } from './people.js';
import { position } from './position.js';
import { regression } from './regression.js';
import { reliability } from './reliability.js';
import { variants } from './variants.js';

/** Every question that is asked about a judge, in the order of reports: what training uses comes first. */
export const FAMILIES: readonly FindingFamily[] = [
  {
    name: 'order',
    weighs: true,
    title: 'Does it put the answers to a task in the right order?',
    find: order,
  },
  { name: 'people', title: 'How far do people agree with one another?', find: people },
  { name: 'labels', weighs: true, title: 'Does it say what people say?', find: labels },
  { name: 'criteria', weighs: true, title: 'And criterion by criterion?', find: criteria },
  {
    name: 'baselines',
    weighs: true,
    title: 'Would something that knows nothing do as well?',
    find: baselines,
  },
  {
    name: 'consistency',
    weighs: true,
    title: 'Does it say the same when it is asked again?',
    find: consistency,
  },
  { name: 'reliability', title: 'How far do repeats lie apart?', find: reliability },
  {
    name: 'variants',
    weighs: true,
    title: 'Does it say the same when it is asked another way?',
    find: variants,
  },
  { name: 'position', weighs: true, title: 'Does the place of an answer decide?', find: position },
  { name: 'heldout', title: 'Does a judge that training never sees agree?', find: heldout },
  {
    name: 'probes',
    weighs: true,
    title: 'Does it hold against answers that are made to please it?',
    find: ({ probes, compares }) => probeFindings(probes, compares),
  },
  { name: 'panel', title: 'Are several judges worth more than one?', find: panel },
  { name: 'bias', title: 'Does it go by what does not matter?', find: bias },
  { name: 'calibration', title: 'Does a score mean a chance of being good?', find: calibration },
  {
    name: 'regression',
    weighs: true,
    title: 'Does it still judge the known cases as expected?',
    find: regression,
  },
  { name: 'abstentions', weighs: true, title: 'Does it give a verdict at all?', find: abstentions },
];
