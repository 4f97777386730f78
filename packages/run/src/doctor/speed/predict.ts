/** From the least to the most that something takes. */
export interface Range {
  low: number;
  high: number;
}

/** How much of what a run will do. */
export interface Work {
  steps: number;
  /** Answers of a step. */
  stepAnswers: number;
  updatesPerStep: number;
  /** Models that are evaluated. */
  evaluations: number;
  /** Answers of an evaluation. */
  evaluationAnswers: number;
  /** Calls of the judges' examination to models of this machine. */
  examinationCalls: { judge: number; heldout: number };
  /** Null: there is no supervised fine-tuning. */
  supervised: { steps: number; tokensPerStep: number } | null;
}

/** Seconds that each of it takes on this machine. A judge whose time is not known takes none. */
export interface Costs {
  decodePerAnswer: Range;
  gradientPerAnswer: Range;
  /** Once for each answer and step, however many updates are made. */
  referencePerAnswer: Range;
  /** Of the optimiser. */
  update: Range;
  gradientPerToken: Range;
  judge: { perAnswer: Range; perCall: Range };
  heldout: { perAnswer: Range; perCall: Range };
}

/** How long a run will take, and the parts that add up to it, in the order of the run. */
export interface Prediction {
  parts: { name: string; seconds: Range }[];
  seconds: Range;
}

const NOTHING: Range = { low: 0, high: 0 };
const sum = (...ranges: Range[]): Range => ({
  low: ranges.reduce((total, { low }) => total + low, 0),
  high: ranges.reduce((total, { high }) => total + high, 0),
});
const times = (count: number, { low, high }: Range): Range => ({ low: count * low, high: count * high });

/** Adds up what each stage of the pipeline does. */
export function predict(work: Work, costs: Costs): Prediction {
  const { steps, stepAnswers, updatesPerStep, evaluations, evaluationAnswers, supervised } = work;
  const answers = steps * stepAnswers;
  const decoding = times(answers, costs.decodePerAnswer);
  const judging = times(answers, costs.judge.perAnswer);
  const learning = sum(
    times(answers, costs.referencePerAnswer),
    times(answers * updatesPerStep, costs.gradientPerAnswer),
    times(steps * updatesPerStep, costs.update),
  );
  const evaluated = evaluations * evaluationAnswers;
  const ownSteps = supervised
    ? times(supervised.steps, sum(times(supervised.tokensPerStep, costs.gradientPerToken), costs.update))
    : NOTHING;
  const parts = [
    {
      name: 'examining the judge',
      seconds: sum(
        times(work.examinationCalls.judge, costs.judge.perCall),
        times(work.examinationCalls.heldout, costs.heldout.perCall),
      ),
    },
    { name: 'reinforcement: answers', seconds: decoding },
    { name: 'reinforcement: judging', seconds: judging },
    { name: 'reinforcement: learning', seconds: learning },
    {
      name: 'supervised fine-tuning',
      // While it gets better, it lasts as long as reinforcement has.
      seconds: supervised
        ? { low: ownSteps.low, high: Math.max(sum(decoding, judging, learning).high, ownSteps.high) }
        : NOTHING,
    },
    {
      name: `evaluating ${evaluations} models`,
      seconds: sum(
        times(evaluated, costs.decodePerAnswer),
        times(evaluated, costs.judge.perAnswer),
        times(evaluated, costs.heldout.perAnswer),
      ),
    },
  ].filter(({ seconds }) => seconds.high > 0);
  return { parts, seconds: sum(...parts.map(({ seconds }) => seconds)) };
}
