import { addUsage, InputError, NO_USAGE, type Task, type Verdict } from '@touchstone/spec';
import { isBlank } from '../../text/answer.js';
import type { ModelAccess } from '../asking-judge.js';
import type { Criterion } from '../criterion.js';
import {
  NOTHING_TO_JUDGE,
  type Judge,
  type JudgedRollout,
  type Judgement,
  type JudgeOptions,
} from '../judge.js';
import { shows } from '../prompt.js';
import { answerOf } from '../score.js';
import { combineMet } from '../task-criteria/combine.js';
import { readTaskCriteria, type TaskCriterion } from '../task-criteria/read.js';
import { categoriesOf, type TaskCriteriaConfig } from '../task-criteria/schema.js';
import { GraderJudge } from './grader-judge.js';
import type { LabelConfig } from './schema.js';

/** The placeholder that shows the criterion which is asked about. */
const SLOT = 'criterion';

/**
 * A label grader that is asked once for each criterion of the task, with `{{criterion}}` in the user's own messages. What a label is
 * worth says how far the criterion is met; what an answer is worth, see `pointsScore`. One criterion without a verdict is an answer
 * without one.
 */
export class CriterionGrader implements Judge {
  readonly id: string;
  readonly fingerprint: string;
  readonly price: LabelConfig['price'];
  readonly criteria: readonly Criterion[];
  private readonly grader: GraderJudge;

  /** @throws {InputError} for a placeholder that is not known, or where no message shows the criterion. */
  constructor(
    private readonly config: LabelConfig & { criteria: TaskCriteriaConfig },
    access: ModelAccess,
    seed: number,
  ) {
    if (!config.messages.some(({ content }) => shows(content, SLOT)))
      throw new InputError([
        {
          message:
            'judge.messages: with judge.criteria they must show {{criterion}}, the one that is asked about',
        },
      ]);
    this.grader = new GraderJudge(config, access, seed, [SLOT]);
    this.id = this.grader.id;
    this.fingerprint = this.grader.fingerprint;
    this.price = config.price;
    this.criteria = categoriesOf(config.criteria);
  }

  criteriaOf(task: Task): readonly TaskCriterion[] {
    return readTaskCriteria(task, this.config.criteria);
  }

  judge(rollouts_G: readonly JudgedRollout[], options: JudgeOptions = {}): Promise<Judgement[]> {
    return Promise.all(rollouts_G.map((rollout) => this.judgeOne(rollout, options)));
  }

  private async judgeOne(rollout: JudgedRollout, options: JudgeOptions): Promise<Judgement> {
    const criteria = this.criteriaOf(rollout.task);
    if (isBlank(rollout.response)) return NOTHING_TO_JUDGE;
    const graded = await Promise.all(
      criteria.map(({ question }) => this.grader.grade(rollout, options, { [SLOT]: question })),
    );
    const usage = graded.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
    const verdict = this.verdictOf(
      criteria,
      graded.map((one) => one.verdict),
    );
    return { answer: answerOf(verdict), verdicts: [verdict], usage };
  }

  private verdictOf(criteria: readonly TaskCriterion[], verdicts: readonly Verdict[]): Verdict {
    const place = {
      judge: this.fingerprint,
      // Nothing was asked where the answer lacks what the messages show.
      key: verdicts.flatMap(({ key }) => (key === '' ? [] : [key])).join('+'),
      raw: verdicts.map(({ raw }) => raw).join('\n'),
    };
    const failed = verdicts.findIndex(({ status }) => status === 'abstained');
    const silent = verdicts[failed];
    if (silent?.status === 'abstained') {
      const { status, reason, detail } = silent;
      return { ...place, status, reason, detail: `criterion ${criteria[failed]!.name}: ${detail}` };
    }
    const met = verdicts.flatMap((one) => (one.status === 'scored' ? one.criteria : []));
    const combined = combineMet(criteria, met);
    // An answer that cannot be shown is a bad one, though it is guilty of no fault.
    const score = place.key === '' ? 0 : combined.score;
    return { ...place, status: 'scored', ...combined, score, mismatch: false };
  }
}
