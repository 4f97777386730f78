import { answerPolicyOf, singleJudges } from '@touchstone/core';
import {
  assertGatePassed,
  familyWarnings,
  modelsOf,
  RAISE_BUDGET,
  type Certificate,
  certificateText,
  type GateReasons,
  issueCertificate,
  validateJudge,
  type ValidationResult,
} from '@touchstone/lab';
import { largest, type RunListener } from '@touchstone/spec';
import { sha256, writeWhole } from '@touchstone/store';
import type { z } from 'zod';
import { systemClock, type Clock } from '../clock.js';
import { certificateFile } from '../workspace/certificate.js';
import type { ExaminationConfig } from '../config/schema.js';
import { versions } from '../workspace/provenance.js';
import type { Workspace } from '../workspace/workspace.js';
import { StageReporter } from './stage.js';
import { JUDGE } from './stages.js';

/** What examining a judge needs of a workspace. */
interface Examined {
  config: Pick<
    ExaminationConfig,
    'validation' | 'gate' | 'seed' | 'policy' | 'reward' | 'judge' | 'training'
  >;
  folder: string;
  judge: Workspace['judge'];
  heldout: Pick<NonNullable<Workspace['heldout']>, 'judge'> | null;
  data: Pick<Workspace['data'], 'labelled' | 'byHeart' | 'regression' | 'files' | 'part'>;
  store: Pick<Workspace['store'], 'look'>;
}

/** From so many judges on, one that passes may have been picked for passing: of 20 that are worth nothing, chance lets one through. */
const MANY_LOOKS = 10;

interface ExamineOptions {
  clock: Clock;
  /** PEM of an Ed25519 key; absent: the certificate is not signed. */
  signingKey?: string | undefined;
  /** Asks everything, even when a finding has failed by then. */
  complete?: boolean | undefined;
}

/** What was found out about a judge, and the certificate that says so. */
export type ExaminationResult = ValidationResult & {
  certificate: Certificate;
  /** What somebody should look at, such as judges of one family of models. */
  warnings: string[];
};

/**
 * Judges the labelled answers and regression cases, and says whether the gate would let training begin. What it leaves are the
 * judge's replies and, unless it was on the part to write the judge with, `certificate.json`.
 */
export function examineJudge(
  workspace: Examined,
  options: Partial<ExamineOptions> & { onEvent?: RunListener } = {},
): Promise<ExaminationResult> {
  const { onEvent = () => {}, clock = systemClock, ...others } = options;
  return examine(workspace, { ...others, clock }, new StageReporter(JUDGE, onEvent, clock));
}

/** As `examineJudge`, as a stage. */
export async function examine(
  examined: Examined,
  { clock, signingKey, complete }: ExamineOptions,
  reporter: StageReporter,
): Promise<ExaminationResult> {
  const { config, folder, judge, heldout, data, store } = examined;
  const { seed, gate } = config;
  reporter.progress(0, null);
  const families = familyWarnings({
    judge: modelsOf(judge),
    heldout: heldout ? modelsOf(heldout.judge) : [],
    policy: config.policy ? [config.policy.model] : [],
  });
  const warnings = [...families, ...warningsOfData(config, data)];
  // With another seed a judge is asked anew: whoever goes through seeds looks for the one that suits.
  const asked = `${judge.fingerprint} ${seed}`;
  // Labels of one sample that grow are the same answers, looked at again: whoever labels until a judge passes has looked that often.
  const sample = data.labelled[0]?.drawn?.sample;
  const looked = sample === undefined ? asked : `${asked} ${hashOfAnswers(data)}`;
  const looks = data.part === 'test' ? store.look(sample ?? hashOfAnswers(data), looked) : 0;
  if (looks >= MANY_LOOKS)
    warnings.push(
      manyLooks(looks, sample === undefined ? 'judges or seeds' : 'judges, seeds or states of the labels'),
    );
  for (const warning of warnings) reporter.alarm(warning);
  const result = await validateJudge({
    judge,
    heldout: heldout?.judge ?? null,
    labelled: data.labelled,
    regression: data.regression,
    ...config.validation,
    gate,
    seed,
    ...(complete === undefined ? {} : { complete }),
    onProgress: ({ done, total }) => reporter.progress(done, total, 'judgements'),
  });
  const unasked = result.unasked === null ? [] : [`${result.unasked}. ${RAISE_BUDGET}.`];
  for (const warning of [...unasked, ...warningsOfLabels(result.findings)]) {
    warnings.push(warning);
    reporter.alarm(warning);
  }
  const certificate = issueCertificate(
    {
      version: 1,
      judge: named(judge),
      heldout: heldout && named(heldout.judge),
      answer: answerPolicyOf(config.reward),
      gate: result.gate,
      findings: result.findings,
      data: data.files,
      part: data.part,
      looks,
      seed,
      created: clock.date().toISOString(),
      versions: versions(),
    },
    signingKey,
  );
  if (data.part === 'test') await writeWhole(certificateFile(folder), certificateText(certificate));
  reporter.finish(`gate ${result.gate}`);
  return { ...result, certificate, warnings };
}

const hashOfAnswers = ({ labelled, regression }: Examined['data']): string =>
  sha256(JSON.stringify([labelled, regression]));

const manyLooks = (looks: number, what: string): string =>
  `${looks} ${what} have been examined on these answers: the best of so many looks better on them than it is. Label new ones, ` +
  'and write the judge with a part of them only: validation.dev_share, touchstone judge --dev.';

/** Where what the judge is examined on is not what it meets in training. */
function warningsOfData(
  { judge, training: { group_size: size } }: Examined['config'],
  { labelled, byHeart }: Examined['data'],
): string[] {
  const counts = new Map<string, number>();
  for (const { task } of labelled) counts.set(task.id, (counts.get(task.id) ?? 0) + 1);
  const most = largest([0, ...counts.values()]);
  // A preference judge is shown two of them, however many there are.
  const sees = singleJudges(judge).some(
    ({ config }) => config.kind === 'group' || (config.kind === 'code' && config.compares),
  );
  return [
    ...(byHeart === 0
      ? []
      : [
          `${byHeart} labelled answers stand in the judge's own settings, word for word: it is right about these by heart, ` +
            'so they are left out. Take other answers as examples.',
        ]),
    ...(!sees || most === 0 || most >= size
      ? []
      : [
          `Training shows the judge ${size} answers at once (training.group_size), and no labelled task has more than ${most}: ` +
            'what it makes of larger groups is not known.',
        ]),
  ];
}

/** Of which criteria the labels do not show how the judge reads them; none, where they show too little of all. */
function warningsOfLabels(findings: ExaminationResult['findings']): string[] {
  const whole = findings.find(({ name }) => name === 'label_kappa');
  if (whole?.outcome === 'insufficient-data') return [];
  return findings.flatMap(({ name, family, note, outcome }) => {
    // Of one that fails they show that it is wrong.
    if (outcome === 'fail') return [];
    const criterion = family === 'criteria' && note !== null && /^label_kappa\.(.*)$/.exec(name)?.[1];
    return criterion ? [`Labels do not show that the judge is right about ${criterion}: ${note}.`] : [];
  });
}

const named = ({ id, fingerprint }: Workspace['judge']): Certificate['judge'] => ({ id, fingerprint });

/**
 * What the judge stage leaves, where training may begin.
 *
 * @throws {GateError} when it may not. The stage has not finished then: the next run examines again, from the cache.
 */
export function passGate(
  { certificate, warnings: _, ...examined }: ExaminationResult,
  reasons: GateReasons,
  reporter: StageReporter,
): z.output<typeof JUDGE.schema> {
  const overrideReason = assertGatePassed(examined, reasons);
  const { unasked: __, ...result } = examined;
  if (overrideReason !== null) {
    const why = result.gate === 'not-set' ? 'There is no gate' : 'The gate has not passed';
    reporter.alarm(`${why}, and training goes on all the same: ${overrideReason}`);
  }
  return { ...result, overrideReason, certificate: certificate.hash };
}
