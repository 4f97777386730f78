import { InputError, type Task, type Verdict } from '@touchstone/spec';
import { neutraliser } from '../../text/template.js';
import type { ModelAccess } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import { defineJudge } from '../define.js';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, JudgedRollout, Judgement, JudgeOptions, JudgeVariant, VariantName } from '../judge.js';
import { PARSER_VERSION } from '../parse.js';
import { shows } from '../prompt.js';
import { replySchema } from '../reply-format.js';
import { RubricJudge } from '../rubric/rubric.js';
import type { RubricConfig } from '../rubric/schema.js';
import { createRenderer, rewordedPrompt } from '../rubric/prompt.js';
import { variantsOf } from '../variants.js';
import { combineMet } from '../task-criteria/combine.js';
import { readTaskCriteria, type TaskCriterion } from '../task-criteria/read.js';
import { categoriesOf } from '../task-criteria/schema.js';
import { taskRubricSchema, type TaskRubricConfig } from './schema.js';

export const taskRubric = defineJudge({
  kind: 'task-rubric',
  schema: taskRubricSchema,
  criteria: ({ criteria }) => categoriesOf(criteria),
  open: async (config, { open, seed }) => new TaskRubricJudge(config, await open(config), seed),
});

/** Part of the fingerprint: raise it when the same criteria of a task are put to the model in another way. */
const CRITERIA_VERSION = 1;
const FAULTS =
  'Some of the criteria describe faults: a criterion is true where what it says holds, be it a merit or a fault.';

/** What a task's criteria are asked with. */
interface OfTask {
  criteria: readonly TaskCriterion[];
  judge: RubricJudge;
}

/**
 * A rubric whose criteria come with the task. Each is met or not: `value` says which, and `score` whether that is good, for one
 * with points below 0 is a fault. An answer scores the points of all that it meets over the points above 0, and 0 at least.
 *
 * The model sees the criteria as c1, c2, …, whatever the task calls them: a name out of a data file is no part of a format.
 * Verdicts name them as the task does, with the category that reports count them to.
 */
class TaskRubricJudge implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly price: TaskRubricConfig['price'];
  readonly criteria: readonly Criterion[];
  private readonly shield: (text: string) => string;
  private readonly ofTasks = new WeakMap<Task, OfTask>();

  /** @throws {InputError} when the prompt or the inputs are wrong. */
  constructor(
    private readonly config: TaskRubricConfig,
    private readonly access: ModelAccess,
    private readonly seed: number,
    /** How it is asked, where that is not the ordinary way. */
    private readonly way?: VariantName,
  ) {
    const { prompt } = config;
    if (prompt !== undefined && !shows(prompt, 'criteria'))
      throw new InputError([
        { message: 'judge.prompt: it must show {{criteria}}, which are other ones for each task' },
      ]);
    const some: Criterion[] = [{ name: 'c1', question: 'q', scale: 'boolean', weight: 1 }];
    const { templates } = createRenderer(this.rubricOf(some, config.objective), some);
    this.id = access.model.id;
    const ours = [templates, replySchema(some), PARSER_VERSION, CRITERIA_VERSION, ...(way ? [way] : [])];
    this.fingerprint = fingerprintOf(config, { ...access, ours });
    this.price = config.price;
    this.criteria = categoriesOf(config.criteria);
    const neutralise = neutraliser(templates.map(({ content }) => content));
    // A further line of a criterion is set in, so that it cannot pretend to be the next one.
    this.shield = (text) => neutralise(text.trim().replace(/\s*(?:\r\n?|\n|\u2028|\u2029)\s*/g, '\n    '));
  }

  criteriaOf(task: Task): readonly TaskCriterion[] {
    return this.ofTask(task).criteria;
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    return Promise.all(rollouts_G.map((rollout) => this.judgeOne(rollout, options)));
  }

  variants(): JudgeVariant[] {
    const { prompt, criteria_per_call } = this.config;
    const ways: Partial<Record<VariantName, VariantName | null>> = {
      'criteria-reversed': criteria_per_call === 1 ? null : 'criteria-reversed',
      reworded: prompt === undefined ? 'reworded' : null,
    };
    return variantsOf(ways, (way) => new TaskRubricJudge(this.config, this.access, this.seed, way));
  }

  private async judgeOne(rollout: JudgedRollout, options: JudgeOptions): Promise<Judgement> {
    const { criteria, judge } = this.ofTask(rollout.task);
    const [judgement] = await judge.judge([rollout], options);
    const verdicts = judgement!.verdicts.map((verdict): Verdict => {
      const own = { ...verdict, judge: this.fingerprint };
      if (own.status === 'abstained') return own;
      // What was said of c1, c2, …, in the task's own order and words.
      const met = criteria.map((_, i) => own.criteria.find((one) => one.criterion === `c${i + 1}`)!);
      return { ...own, ...combineMet(criteria, met) };
    });
    const [verdict] = verdicts;
    const answer =
      verdict?.status === 'scored' ? { status: verdict.status, score: verdict.score } : judgement!.answer;
    return { ...judgement!, answer, verdicts };
  }

  /** @throws {InputError} naming the task, where its criteria are odd. */
  private ofTask(task: Task): OfTask {
    const known = this.ofTasks.get(task);
    if (known) return known;
    const criteria = readTaskCriteria(task, this.config.criteria);
    const asked = criteria.map(({ question }, i): Criterion => ({
      name: `c${i + 1}`,
      question: this.shield(question),
      scale: 'boolean',
      weight: 1,
    }));
    if (this.way === 'criteria-reversed') asked.reverse();
    const { objective } = this.config;
    const hasFaults = criteria.some(({ unwanted }) => unwanted);
    const config = this.rubricOf(asked, hasFaults ? `${objective} ${FAULTS}` : objective);
    const made = { criteria, judge: new RubricJudge(config, this.access, this.seed) };
    this.ofTasks.set(task, made);
    return made;
  }

  /** The rubric that a task's criteria make. */
  private rubricOf(criteria: Criterion[], objective: string): RubricConfig {
    const fixed = { unit: 'answer', rules: [], max_items: 1, aggregate: { by: 'mean' } } as const;
    const config: RubricConfig = { ...this.config, ...fixed, rules: [], kind: 'rubric', criteria, objective };
    return this.way === 'reworded' ? { ...config, prompt: rewordedPrompt(config) } : config;
  }
}
