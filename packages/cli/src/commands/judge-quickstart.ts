import { resolve } from 'node:path';
import { FAMILIES } from '@touchstone/lab';
import type { QuickstartJudge } from '@touchstone/quickstart';
import {
  examineJudge,
  loadExaminationConfig,
  openExamination,
  type ExaminationResult,
} from '@touchstone/run';
import { BOUND_WORDS, RunError, type JudgeFinding } from '@touchstone/spec';
import type { Command } from 'commander';
import type { Io } from '../io.js';
import { renderTable } from '../terminal/table.js';
import { figure } from '../terminal/text.js';
import { writeJudgeReport } from './report.js';
import { addRunFlags, withOpened, type RunFlags } from './run/flags.js';

/** How one of the judges fared. */
interface Examined {
  judge: QuickstartJudge;
  gate: ExaminationResult['gate'];
  /** The findings that did not pass; for a judge that passes none. */
  decided: JudgeFinding[];
  /** Findings that the gate asks something of. */
  asked: number;
}

/** `touchstone judge quickstart` */
export function registerJudgeQuickstart(judge: Command, io: Io): void {
  addRunFlags(judge.command('quickstart'), 'runs/judge-quickstart-SEED')
    .description(
      'see the gate work, offline: one good judge and five broken ones, simulators, through the examination. ' +
        'Exit code 1 when the gate is wrong about one of them',
    )
    .action((flags: RunFlags) => judgeQuickstart(flags, io));
}

/**
 * One good judge and five broken ones through the same examination.
 *
 * @throws {RunError} the gate stopped the good one, or let a broken one pass.
 */
async function judgeQuickstart(flags: RunFlags, io: Io): Promise<void> {
  const seed = flags.seed ?? 1;
  const folder = resolve(flags.out ?? `runs/judge-quickstart-${seed}`);
  const { prepareJudges } = await import('@touchstone/quickstart');
  const judges = await prepareJudges(folder, seed);
  const results: Examined[] = [];
  for (const [i, judge] of judges.entries()) {
    const title = `${i + 1} of ${judges.length}, ${judge.title} (simulator)`;
    results.push(await examineOne(judge, title, flags.json, io));
  }
  const wrong = results.filter(({ gate }, i) => gate !== (i === 0 ? 'passed' : 'failed'));
  if (flags.json) io.out.write(`${JSON.stringify(asJson(results, { seed, folder }))}\n`);
  else io.out.write(asText(results));
  if (wrong.length > 0) {
    const names = wrong.map(({ judge: { title }, gate }) => `"${title}" (${gate})`).join(', ');
    throw new RunError(
      `The gate is wrong about ${names}: this version of Touchstone should not be relied on.`,
    );
  }
  if (flags.json) return;
  io.out.write(
    'The gate lets the good judge pass and stops the five broken ones. Each has its configuration, certificate and judge.html in\n' +
      `${folder}. Now your own judge: touchstone judge my.yaml ("touchstone init" writes one to start from).\n`,
  );
}

async function examineOne(
  judge: QuickstartJudge,
  title: string,
  json: true | undefined,
  io: Io,
): Promise<Examined> {
  const loaded = await loadExaminationConfig(judge.path);
  const { gate, findings } = await withOpened(
    openExamination,
    loaded,
    json ? { json } : {},
    io,
    async (examination, onEvent) => {
      const result = await examineJudge(examination, {
        onEvent: (event) => onEvent(event.type === 'stage-started' ? { ...event, title } : event),
      });
      await writeJudgeReport(examination, result);
      return result;
    },
  );
  const gated = findings.filter(({ threshold }) => threshold !== null);
  return { judge, gate, decided: gated.filter(({ outcome }) => outcome === 'fail'), asked: gated.length };
}

function asText(results: readonly Examined[]): string {
  const columns = [
    { title: 'judge (simulator)' },
    { title: 'gate' },
    { title: 'what it does, and what the gate found' },
  ];
  const rows = results.flatMap((one) => [
    [one.judge.title, one.gate, `It ${one.judge.does}.`],
    ['', '', foundIn(one)],
  ]);
  return `\n${renderTable(columns, rows)}\n`;
}

/** The question with the plainest no, with its figure, and what else failed. */
function foundIn({ decided: [first, ...others], asked, gate }: Examined): string {
  if (gate === 'passed') return `All ${asked} findings that the gate asks for are good.`;
  if (first === undefined) return 'Too little is known.';
  const { bound, value } = first.threshold!; // what failed was held against one
  const question = FAMILIES.find(({ name }) => name === first.family)?.title ?? '';
  const more = others.length === 0 ? '' : `; also ${others.map(({ name }) => name).join(', ')}`;
  return `${question} No: ${first.name} is ${figure(first.estimate)}, asked ${BOUND_WORDS[bound]} ${value}${more}.`;
}

const asJson = (
  results: readonly Examined[],
  { seed, folder }: { seed: number; folder: string },
): object => ({
  seed,
  folder,
  judges: results.map(({ judge: { name, title, does, path }, gate, decided }) => ({
    judge: name,
    title,
    does: `simulator: ${does}`,
    configuration: path,
    gate,
    decided,
  })),
});
