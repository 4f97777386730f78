import { setMaxListeners } from 'node:events';
import type { PolicyRollout } from '../policy.js';
import type { ScoredGroup } from '../scorer.js';
import { drawnThrough, type Schedule } from './schedule.js';

/** All answers of a step, before anything is learned from them. */
export interface DrawnStep {
  /** 1-based. */
  step: number;
  /** Steps that the weights which drew them had learned from. */
  version: number;
  rollouts_P_G: PolicyRollout[][];
}

/** What becomes of a step on its way. */
export interface Work {
  draw(step: number): Promise<PolicyRollout[][]>;
  /** When `signal` aborts, it is to end soon, whatever it has. */
  score(rollouts_P_G: PolicyRollout[][], step: number, signal: AbortSignal): Promise<ScoredGroup[]>;
}

/**
 * Steps that are drawn and not learned from yet, in their order; the judge is at work on all of them. A step is drawn by one state of the
 * weights and learned from whole. It holds as many as the schedule has drawn ahead, so a slow judge slows what draws.
 */
export class Ahead {
  private readonly steps: (DrawnStep & { groups: Promise<ScoredGroup[]> })[] = [];
  private readonly stopping = new AbortController();

  /**
   * @param last step of the training
   * @param drawn what an earlier process had drawn
   */
  constructor(
    private readonly schedule: Schedule,
    private readonly last: number,
    private readonly work: Work,
    drawn: readonly DrawnStep[] = [],
  ) {
    // One signal for every answer of a step, which is no leak.
    setMaxListeners(0, this.stopping.signal);
    for (const step of drawn) this.judge(step);
  }

  /** Draws what the weights may draw that have learned from so many steps. */
  async draw(learned: number): Promise<void> {
    const through = Math.min(drawnThrough(this.schedule, learned), this.last);
    for (let step = (this.steps.at(-1)?.step ?? learned) + 1; step <= through; step++) {
      this.judge({ step, version: learned, rollouts_P_G: await this.work.draw(step) });
    }
  }

  private judge(drawn: DrawnStep): void {
    const groups = this.work.score(drawn.rollouts_P_G, drawn.step, this.stopping.signal);
    // What goes wrong is told when the step's turn comes.
    groups.catch(() => undefined);
    this.steps.push({ ...drawn, groups });
  }

  /** The next step, when all of it has been judged. @throws what `score` throws. */
  async next(): Promise<{ version: number; groups: ScoredGroup[] }> {
    const { version, groups } = this.steps.shift()!;
    return { version, groups: await groups };
  }

  /** What is on its way. */
  drawn(): DrawnStep[] {
    return this.steps.map(({ step, version, rollouts_P_G }) => ({ step, version, rollouts_P_G }));
  }

  /** Ends what is being judged: nothing will be learned from it by this process. */
  async close(): Promise<void> {
    this.stopping.abort();
    await Promise.allSettled(this.steps.map(({ groups }) => groups));
  }
}
