import { assertGatePassed } from '@touchstone/lab';
import {
  examineJudge,
  loadExaminationConfig,
  openExamination,
  type ExaminationConfig,
  type ExaminationResult,
  type Loaded,
} from '@touchstone/run';
import type { GateOutcome } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { findingsTable } from './findings-table.js';
import { registerJudgeQuickstart } from './judge-quickstart.js';
import { registerJudgeTest } from './judge-test.js';
import { addRunFlags, signingKey, withOpened, type RunFlags } from './run.js';

interface JudgeFlags extends RunFlags {
  complete?: true;
}

/** `touchstone judge [config]` */
export function registerJudge(program: Command, io: Io): void {
  const command = addRunFlags(program.command('judge'))
    .description(
      'examine the judge only: is it fit to train against? Exit code 3 when that is not shown. ' +
        'What is cheapest is asked first, and nothing more once a finding has failed',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--complete', 'ask everything, even when a finding has failed by then')
    .action(async (path: string, flags: JudgeFlags) => judge(await loadExaminationConfig(path), flags, io));
  registerJudgeTest(command, io);
  registerJudgeQuickstart(command, io);
}

async function judge(loaded: Loaded<ExaminationConfig>, flags: JudgeFlags, io: Io): Promise<void> {
  const result = await withOpened(openExamination, loaded, flags, io, (examination, onEvent) =>
    examineJudge(examination, { onEvent, signingKey: signingKey(io), complete: flags.complete }),
  );
  io.out.write(flags.json ? `${JSON.stringify(result)}\n` : findingsText(result));
  assertGatePassed(result);
}

const VERDICTS: Record<GateOutcome, string> = {
  passed: 'This judge may train a model.',
  failed: 'This judge may not train a model.',
  'insufficient-data': 'Too little is known of this judge to train a model with it.',
  'not-set': 'Nothing is asked of this judge: its gate is off.',
};

function findingsText({ gate, findings, notAsked, certificate }: ExaminationResult): string {
  const skipped =
    notAsked.length === 0
      ? ''
      : `Not asked any more, because a finding had failed: ${notAsked.join(', ')} (--complete asks them).\n`;
  return `\n${VERDICTS[gate]}\n\n${findingsTable(findings)}\n${skipped}Certificate: ${certificate.hash}\n`;
}
