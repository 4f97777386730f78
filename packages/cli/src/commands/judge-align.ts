import {
  alignWithMetrics,
  loadExaminationConfig,
  openAlignment,
  planAlignment,
  type ExaminationConfig,
  type Loaded,
} from '@touchstone/run';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { alignmentText } from './judge-align/text.js';
import { costText, planTable } from './judge-plan.js';
import { writeAlignmentReport } from './report.js';
import { addRunFlags, withOpened, type RunFlags } from './run/flags.js';

interface JudgeAlignFlags extends RunFlags {
  plan?: true;
}

/** `touchstone judge align [config]` */
export function registerJudgeAlign(judge: Command, io: Io): void {
  addRunFlags(judge.command('align'))
    .description(
      'hold the judge against production: which criteria go with the metrics of the product (metrics, data.outcomes), ' +
        'which say the same, nothing, or the opposite, and how many answers it takes to know',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--plan', 'say about what it would cost, and ask nothing')
    .action(async (path: string, flags: JudgeAlignFlags) =>
      align(await loadExaminationConfig(path), flags, io),
    );
}

async function align(loaded: Loaded<ExaminationConfig>, flags: JudgeAlignFlags, io: Io): Promise<void> {
  if (flags.plan) {
    const phases = await withOpened(openAlignment, loaded, flags, io, planAlignment);
    io.out.write(
      flags.json ? `${JSON.stringify(phases)}\n` : `\n${planTable(phases)}\n${costText(phases)}\n`,
    );
    return;
  }
  const { summary, report } = await withOpened(
    openAlignment,
    loaded,
    flags,
    io,
    async (alignment, onEvent) => {
      if (!flags.json) io.err.write(`${costText(await planAlignment(alignment))}\n`);
      const summary = await alignWithMetrics(alignment, { onEvent });
      return { summary, report: await writeAlignmentReport(alignment.folder, summary) };
    },
  );
  io.out.write(
    flags.json
      ? `${JSON.stringify({ ...summary, report })}\n`
      : `${alignmentText(summary)}Report: ${report}\n`,
  );
}
