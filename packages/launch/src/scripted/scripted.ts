import type { Backend, Config, DrawnStep } from '@touchstone/run';
import type { StepLine } from './journal.js';

/** A trainer that is started by a `train.py` of ours, which writes our journal: what differs between them. */
export interface Scripted {
  name: Backend['name'];
  /** For people, and the name of its package with pip. */
  title: string;
  package: string;
  /** What the script was written for and is tested with. */
  version: string;
  /** How it is installed, after the Python's name. */
  install: string;
  /** Where the configuration says which Python it is installed in. */
  setting: string;
  python(config: Config): string;
  /** Its environment, beside what every worker gets. */
  env: Readonly<Record<string, string>>;
  /** What it means that there is no GPU; null: the script says so itself. */
  withoutGpu: string | null;
  /** Figures of a step by our names. */
  learnedOf(metrics: StepLine['metrics'], config: Config): DrawnStep['learned'];
  /** The mean reward that it has learned from by its own account; null where it is another than that of what was judged. */
  loggedReward(line: StepLine, config: Config): number | null;
}
