import { alignJudge, repeatedAnswers } from '@touchstone/lab';
import {
  ALIGNMENT_SUMMARY_VERSION,
  formatPlace,
  type AlignmentSummary,
  type RunListener,
} from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.js';
import type { Alignment } from '../workspace/alignment.js';
import { versions } from '../workspace/provenance.js';
import { costPerAnswer, type PhaseCost } from './plan.js';
import { StageReporter } from './stage.js';

/** Reasons and names up to this number are named. */
const NAMED = 10;

/**
 * Judges the answers whose outcome is known, and says how far each criterion goes with each metric of the product. What it leaves are the judge's
 * replies and `alignment.json`.
 *
 * @throws {RunError} the judge gave no verdict at all.
 */
export async function alignWithMetrics(
  { config, folder, judge, metrics, answers, data }: Alignment,
  { onEvent = () => {}, clock = systemClock }: { onEvent?: RunListener; clock?: Clock } = {},
): Promise<AlignmentSummary> {
  const reporter = new StageReporter(
    { name: 'judge-align', title: 'Judging answers with a known outcome' },
    onEvent,
    clock,
  );
  reporter.progress(0, null);
  const { usage, warnings, ...found } = await alignJudge({
    judge,
    answers,
    metrics,
    repeats: config.validation.repeats,
    seed: config.seed,
    onProgress: ({ done, total }) => reporter.progress(done, total, 'judgements'),
  });
  const { file, sha256 } = data;
  const unused = unusedLines({ answers, data });
  const summary: AlignmentSummary = {
    kind: 'alignment',
    version: ALIGNMENT_SUMMARY_VERSION,
    name: config.name,
    created: clock.date().toISOString(),
    versions: versions(),
    seed: config.seed,
    judge: { id: judge.id, fingerprint: judge.fingerprint },
    data: { file, sha256 },
    usage: {
      calls: usage.calls,
      saved: usage.saved,
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      money: usage.money,
    },
    ...found,
    warnings: [
      ...(unused === null ? [] : [unused]),
      ...unnamedMetrics(answers, Object.keys(metrics)),
      ...warnings,
    ],
  };
  await writeWhole(join(folder, 'alignment.json'), `${JSON.stringify(summary, null, 2)}\n`);
  reporter.finish(summary.criteria.map(({ criterion, name }) => `${criterion} ${name}`).join(', '));
  return summary;
}

type AlignmentCost = Omit<PhaseCost, 'by' | 'about'>;

/** What that may cost. Replies that are there already cost nothing, which this does not look at. */
export async function planAlignment({ config, baseDir, answers }: Alignment): Promise<AlignmentCost[]> {
  const asked = answers.map(({ task, response }) => ({ task, response, together: task.id }));
  const each = await costPerAnswer({ config, baseDir }, config.judge, asked);
  const { repeats } = config.validation;
  const again = repeatedAnswers({ answers, repeats, seed: config.seed }).length * (repeats - 1);
  const phase = (name: string, count: number): AlignmentCost => ({
    name,
    answers: count,
    calls: Math.round(each.calls * count),
    inputTokens: Math.round(each.inputTokens * count),
    outputTokens: Math.round(each.outputTokens * count),
    money: each.money === null ? null : each.money * count,
  });
  return [
    phase('answers with outcomes', answers.length),
    ...(again > 0 ? [phase('some of them again, for the noise of the judge', again)] : []),
  ];
}

/** How many lines of the outcomes are used, and why the others are not; null where all are. */
function unusedLines({
  answers,
  data: { file, problems },
}: Pick<Alignment, 'answers' | 'data'>): string | null {
  if (problems.length === 0) return null;
  const byReason = new Map<string, number[]>();
  for (const { line, message } of problems) byReason.set(message, [...(byReason.get(message) ?? []), line]);
  const reasons = [...byReason].toSorted(([, a], [, b]) => b.length - a.length);
  const named = reasons.slice(0, NAMED).map(([message, lines]) => {
    const more = lines.length > 1 ? ` (and ${lines.length - 1} more like it)` : '';
    return `${formatPlace({ file, line: lines[0]! })}: ${message}${more}`;
  });
  const left = reasons.length > NAMED ? [`and ${reasons.length - NAMED} more reasons`] : [];
  const lines = new Set(problems.map(({ line }) => line)).size;
  return `${answers.length} answers of ${file} are used; ${lines} of its lines are not: ${[...named, ...left].join('; ')}`;
}

function unnamedMetrics(answers: Alignment['answers'], metrics: readonly string[]): string[] {
  const others = new Set(answers.flatMap(({ outcomes }) => [...outcomes.keys()]));
  for (const name of metrics) others.delete(name);
  return others.size === 0
    ? []
    : [`Outcomes that metrics does not name are not looked at: ${[...others].slice(0, NAMED).join(', ')}`];
}
