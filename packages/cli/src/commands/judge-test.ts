import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assertAnyVerdict, caseNames, expectationOf, isUnsteady, sayingOf } from '@touchstone/lab';
import { loadExaminationConfig, openExamination, testJudge, type JudgeTest } from '@touchstone/run';
import { GateError } from '@touchstone/spec';
import { type Command, InvalidArgumentError } from 'commander';
import type { Io } from '../io.js';
import { junitXml } from './judge-test/junit.js';
import { suiteText, whyNot } from './judge-test/text.js';
import { addRunFlags, withOpened, type RunFlags } from './run/flags.js';

interface JudgeTestFlags extends RunFlags {
  against?: string;
  margin: number;
  junit?: string;
}

/** `touchstone judge test [config]` */
export function registerJudgeTest(judge: Command, io: Io): void {
  addRunFlags(judge.command('test'))
    .description(
      'run the regression suite only: does the judge still say what is known of the cases? ' +
        'Exit code 3 when a critical case fails, the gate on the suite does not pass, or the judge is not shown to be ' +
        'as good as the version that it is compared with',
    )
    .argument('[config]', 'touchstone.yaml, or its folder', 'touchstone.yaml')
    .option('--against <config>', 'another version of the judge, to compare with on the same cases')
    .option(
      '--margin <share>',
      'share of the cases that may be lost against it and is still as good',
      parseMargin,
      0.02,
    )
    .option('--junit <file>', 'write the results as JUnit XML too')
    .action((path: string, flags: JudgeTestFlags) => judgeTest(path, flags, io));
}

function parseMargin(text: string): number {
  const margin = Number(text);
  if (text.trim() !== '' && margin > 0 && margin < 1) return margin;
  throw new InvalidArgumentError('expected a share of the cases, above 0 and below 1');
}

/**
 * @throws {RunError} the judge gave no verdict at all, after the JUnit file is written.
 * @throws {GateError} the suite is not passed, after everything is printed and written.
 */
async function judgeTest(path: string, flags: JudgeTestFlags, io: Io): Promise<void> {
  const { config, ...loaded } = await loadExaminationConfig(path);
  const against = flags.against === undefined ? undefined : await loadExaminationConfig(flags.against);
  // The suite needs neither the held-out judge nor its key.
  const alone = { ...loaded, config: { ...config, heldout_judge: undefined } };
  const test = await withOpened(openExamination, alone, flags, io, (examination, onEvent) =>
    testJudge(examination, { against, margin: flags.margin, onEvent }),
  );
  if (flags.junit !== undefined) {
    await mkdir(dirname(flags.junit), { recursive: true });
    await writeFile(flags.junit, junitXml(test.judge.id, test.results));
  }
  assertAnyVerdict(test.results);
  io.out.write(flags.json ? `${JSON.stringify(asJson(test))}\n` : suiteText(test));
  const reasons = whyNot(test);
  if (reasons.length > 0) {
    throw new GateError(
      ['The judge does not pass its suite:', ...reasons.map((reason) => `  ${reason}`)].join('\n'),
    );
  }
}

/** As for people, without the texts of the tasks. */
function asJson({ results, against, ...test }: JudgeTest): object {
  const describeCases = (of: JudgeTest['results']): object[] => {
    const names = caseNames(of.map((result) => result.case));
    return of.map((result, i) => {
      const { kind, critical = false, tags = [], why = null } = result.case;
      const { outcome, repeats } = result;
      const [expected, got] = [expectationOf(result.case), sayingOf(result)];
      const unsteady = isUnsteady(result);
      return { name: names[i], kind, critical, tags, why, outcome, expected, got, unsteady, repeats };
    });
  };
  return {
    ...test,
    cases: describeCases(results),
    against: against && { ...against, results: undefined, cases: describeCases(against.results) },
  };
}
