import { userInfo } from 'node:os';
import { relative } from 'node:path';
import { ReadStream, WriteStream } from 'node:tty';
import {
  loadScoringConfig,
  openLabelling,
  type Labelling,
  type LabellingOptions,
  type LabelsSummary,
} from '@touchstone/run';
import { InputError, RunError } from '@touchstone/spec';
import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from '../io.js';
import { askByKey } from './judge-label/ask-by-key.js';
import { askByLine } from './judge-label/ask-by-line.js';
import { Session } from './judge-label/session.js';
import { agreementText } from './judge-label/agreement-text.js';
import { Keeper } from './judge-label/keeper.js';

interface LabelFlags {
  rater?: string;
  answers?: string;
  count?: number;
  out?: string;
  ask?: true;
  agreement?: true;
  json?: true;
}

/** `touchstone judge label [config]` */
export function registerJudgeLabel(judge: Command, io: Io): void {
  judge
    .command('label')
    .description(
      "label answers by the judge's criteria, without seeing what the judge or others say: what is written is for data.labelled. " +
        'Every label is saved at once, and the same command goes on',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--rater <name>', 'whose labels they are; default: the name that you are logged in with')
    .option(
      '--answers <path>',
      'the folder of a run, or a file of JSON Lines with a task and a response each; default: the run in `output`',
    )
    .option(
      '--count <number>',
      'answers in the sample, about; a larger number adds to it; default: 100',
      parseCount,
    )
    .option('--out <folder>', 'where the labels are; default: labels, beside the configuration')
    .option('--ask', 'ask the judges about answers of which no verdict is known, to draw hard ones too')
    .option('--agreement', 'label nothing; say how far people agree with one another and with the judge')
    .option('--json', 'print what the labels come to as JSON')
    .action((path: string, flags: LabelFlags) => label(path, flags, io));
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1 to 999999');
}

async function label(path: string, flags: LabelFlags, io: Io): Promise<void> {
  const { agreement = false, json = false, out: folder, ...drawing } = flags;
  const options: LabellingOptions = {
    ...drawing,
    folder,
    existing: agreement,
    rater: agreement ? 'nobody' : (flags.rater ?? loginName()),
    onNote: (text) => void io.err.write(`${text}\n`),
  };
  const labelling = await openLabelling(await loadScoringConfig(path), options);
  const ended = agreement ? undefined : await ask(labelling, io);
  await labelling.write();
  const summary = await labelling.summary();
  io.out.write(
    json
      ? `${JSON.stringify(summary)}\n`
      : agreementText({ ...summary, file: nearest(summary.file) }, agreement ? undefined : labelling.rater),
  );
  if (ended !== undefined) throw new RunError(`ended by ${ended}; every label that was given is saved`);
}

function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    throw new InputError([{ message: '--rater: expected a name; this system has none for you' }]);
  }
}

/** As it is written shortest from here. */
function nearest(file: string): LabelsSummary['file'] {
  const there = relative(process.cwd(), file);
  return there.startsWith('..') ? file : there;
}

/** Signals at which a person's work is saved before the process ends. */
const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;

/** @returns the signal that ended it, if one did. */
async function ask(labelling: Labelling, io: Io): Promise<string | undefined> {
  const queue = await labelling.queue();
  if (queue.every((key) => labelling.isDone(key))) {
    io.err.write(
      `${labelling.rater} has labelled all ${queue.length} answers of the sample; --count adds to it.\n`,
    );
    return undefined;
  }
  const input = io.in;
  if (!input) throw new InputError([{ message: 'there is nothing to read labels from' }]);
  const stop = new AbortController();
  const keeper = new Keeper(labelling, () => stop.abort());
  const session = new Session(labelling, queue, () => keeper.keep());
  // What a kill has left undone.
  keeper.keep();
  let signal: string | undefined;
  const onSignal = (name: string): void => {
    signal = name;
    stop.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    const { err } = io;
    if (input instanceof ReadStream && err instanceof WriteStream && io.env['TERM'] !== 'dumb') {
      await askByKey(session, { input, output: err }, stop.signal);
    } else await askByLine(session, input, io, stop.signal);
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal);
  }
  await keeper.settled();
  return signal;
}
