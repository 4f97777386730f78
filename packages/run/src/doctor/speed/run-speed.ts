import { type RunListener } from '@touchstone/spec';
import { examplesOf } from '@touchstone/train';
import type { Clock } from '../../clock.js';
import type { LoadedConfig } from '../../config/load.js';
import { samplesPerTask } from '../../stages/evaluate.js';
import { planExamination } from '../../stages/plan.js';
import { StageReporter } from '../../stages/stage.js';
import { modelNames } from '../../stages/stages.js';
import { readInputs, type Inputs } from '../../workspace/workspace.js';
import { countCalls, isOfThisMachine, measureJudge, type JudgeSpeed } from './judge.js';
import { MACHINE_ROUNDS, measureMachine, type MachineSpeed } from './machine.js';
import {
  DECODING_ROUNDS,
  measureDecoding,
  measureTraining,
  type DecodingSpeed,
  type TrainingSpeed,
} from './policy.js';
import { predict, type Costs, type Prediction, type Range, type Work } from './predict.js';
import { notesOf } from './notes.js';
import { ROUNDS, type Spread } from './repeat.js';

/** How fast a configuration runs here. */
export interface RunSpeed {
  /** Weights of the policy. */
  parameters: number;
  decoding: DecodingSpeed;
  training: TrainingSpeed;
  judges: JudgeSpeed[];
  prediction: Prediction;
  /** What the prediction says nothing of, or takes for granted. */
  notes: string[];
}

/** What `touchstone doctor --speed` has measured. */
export interface Speed {
  machine: MachineSpeed;
  /** Null where no configuration is named. */
  run: RunSpeed | null;
  /** Of the process, with the highest that it has had. */
  peakMemoryBytes: number;
}

export interface SpeedOptions {
  clock: Clock;
  /** Told of each measurement as of a stage. */
  onEvent: RunListener;
}

/** As `speed.ts` says. */
export async function measure(loaded: LoadedConfig | undefined, options: SpeedOptions): Promise<Speed> {
  const inputs = loaded && (await readInputs(loaded));
  const machine = await asStage('products of matrices', MACHINE_ROUNDS, options, (onRound) =>
    measureMachine(options.clock, onRound),
  );
  const run = loaded && inputs ? await measureRun(loaded, inputs, machine, options) : null;
  return { machine, run, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
}

async function measureRun(
  loaded: LoadedConfig,
  { policy, data }: Inputs,
  { peakGigaflopsPerSecond }: MachineSpeed,
  options: SpeedOptions,
): Promise<RunSpeed> {
  const { config } = loaded;
  const { clock } = options;
  const { speed: decoding, rollouts_P_G } = await asStage('decoding', DECODING_ROUNDS, options, (onRound) =>
    measureDecoding(policy, data.train, config, clock, onRound),
  );
  const training = await asStage('gradients', ROUNDS, options, (onRound) =>
    measureTraining(policy, rollouts_P_G, config, peakGigaflopsPerSecond, clock, onRound),
  );
  const judged = async (role: JudgeSpeed['role']) => {
    const judgeConfig = config[role];
    if (judgeConfig === undefined) return null;
    if (!isOfThisMachine(judgeConfig)) {
      return { speed: await countCalls(role, judgeConfig, loaded, rollouts_P_G), judge: null };
    }
    return asStage(role === 'judge' ? 'judging' : 'the held-out judge', ROUNDS, options, (onRound) =>
      measureJudge(role, judgeConfig, loaded, rollouts_P_G, clock, onRound),
    );
  };
  const judge = (await judged('judge'))!;
  const heldout = await judged('heldout_judge');
  const phases = judge.judge
    ? await planExamination({
        ...loaded,
        data,
        judge: judge.judge,
        heldout: heldout?.judge ? { judge: heldout.judge } : null,
      })
    : [];
  const callsBy = (by: 'judge' | 'heldout'): number =>
    phases.reduce((sum, phase) => sum + (phase.by === by ? phase.calls : 0), 0);
  const examples = examplesOf(policy, data.annotations);
  const { sft, steps, prompts_per_step, group_size, updates_per_step } = config.training;
  const work: Work = {
    steps,
    stepAnswers: prompts_per_step * group_size,
    updatesPerStep: updates_per_step,
    evaluations: modelNames({ config }).length,
    evaluationAnswers: data.eval.length * samplesPerTask({ config }),
    examinationCalls: { judge: callsBy('judge'), heldout: callsBy('heldout') },
    supervised:
      sft && examples.length > 0
        ? {
            steps: sft.steps,
            tokensPerStep:
              (sft.batch_size * examples.reduce((sum, { tokens }) => sum + tokens.length, 0)) /
              examples.length,
          }
        : null,
  };
  const judges = [judge.speed, ...(heldout ? [heldout.speed] : [])];
  return {
    parameters: policy.model.size,
    decoding,
    training,
    judges,
    // Another trainer's steps take what they take there.
    prediction: predict(config.training.backend === 'embedded' ? work : { ...work, steps: 0 }, {
      ...policyCosts(decoding, training, config.policy.max_tokens, group_size),
      judge: judgeCosts(judge.speed),
      heldout: judgeCosts(heldout?.speed),
    }),
    notes: notesOf(work, judges, decoding, loaded),
  };
}

/**
 * From what the policy's answers take as they are, in the fastest round, to what they would take at `policy.max_tokens` each, in
 * the slowest: training changes how long they are.
 */
export function policyCosts(
  decoding: DecodingSpeed,
  training: TrainingSpeed,
  maxTokens: number,
  groupSize: number,
): Omit<Costs, 'judge' | 'heldout'> {
  const { answers, secondsPerRound, promptSecondsPerRound, longestAnswerTokens } = decoding;
  const perToken = Math.max(0, secondsPerRound.max - promptSecondsPerRound.min) / longestAnswerTokens;
  const longer = Math.max(0, maxTokens - longestAnswerTokens) * perToken;
  const growth = training.mostTokens / training.tokens;
  const ofAnswer = ({ min, max }: Spread): Range =>
    per(training.groups * groupSize, { low: min, high: max * growth });
  return {
    decodePerAnswer: per(answers, { low: secondsPerRound.min, high: secondsPerRound.max + longer }),
    gradientPerAnswer: ofAnswer(training.secondsPerGradient),
    referencePerAnswer: ofAnswer(training.secondsForReference),
    update: rangeOf(training.secondsPerUpdate),
    gradientPerToken: per(training.tokens, rangeOf(training.secondsPerGradient)),
  };
}

const rangeOf = ({ min, max }: Spread): Range => ({ low: min, high: max });
const per = (count: number, { low, high }: Range): Range => ({ low: low / count, high: high / count });

function judgeCosts(speed: JudgeSpeed | undefined): Costs['judge'] {
  if (!speed?.measured) return { perAnswer: { low: 0, high: 0 }, perCall: { low: 0, high: 0 } };
  const { answers, calls, secondsPerRound } = speed.measured;
  const round = rangeOf(secondsPerRound);
  // Answers that need no call cost none.
  return { perAnswer: per(answers, round), perCall: per(Math.max(1, calls), round) };
}

/** Tells of one measurement as of a stage of a run. */
async function asStage<T>(
  title: string,
  rounds: number,
  { clock, onEvent }: SpeedOptions,
  work: (onRound: () => void) => Promise<T>,
): Promise<T> {
  const reporter = new StageReporter({ name: title, title: `Measure ${title}` }, onEvent, clock);
  let done = 0;
  reporter.progress(done, rounds);
  const result = await work(() => reporter.progress(++done, rounds));
  reporter.finish();
  return result;
}
