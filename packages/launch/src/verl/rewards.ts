import { applyAbstentionPolicy, type RewardFunction } from '@touchstone/core';
import { localPolicy, type TrainingJob } from '@touchstone/run';
import { InputError, NO_USAGE, RunError, type Reward, type Rollout } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import { z } from 'zod';
import { answersOfStep } from '../job-files.js';
import type { GivenAnswer, GivenAnswers } from './answers.js';
import { placesOf, type Row } from './plan.js';

/** What stands in where nothing of a group is judged: its advantages are 0 whatever it is. */
const NEUTRAL = 0.5;

/** What our reward manager says of an answer, beside its text. */
const aboutSchema = z.object({
  index: z.int(),
  session: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  last_token: z.int().nullable().optional(),
});
type About = z.output<typeof aboutSchema>;

/**
 * The reward of a job as verl can take it: numbers only. What stands in for an answer without a verdict is made here, where its whole
 * group is known, and written down with what else verl's files do not say.
 *
 * @param onStop the job must not go on: too little was judged. No reply is given then, so that verl does not learn from the step.
 */
export function verlReward(
  job: TrainingJob,
  answers: GivenAnswers,
  onStop: (error: RunError) => void,
): RewardFunction {
  const { config } = job.workspace;
  const { group_size } = config.training;
  const { abstention } = config.reward;
  const rows = placesOf(job);
  const endTokens = new Set(localPolicy(job.workspace).model.config.eosTokens);

  const aboutOf = ({ task }: Rollout): About & { row: Row } => {
    const about = aboutSchema.safeParse(task.metadata);
    const row = about.success ? rows[about.data.index] : undefined;
    if (about.success && row && about.data.session < group_size) return { ...about.data, row };
    const said = about.success ? `row ${about.data.index}, answer ${about.data.session}` : 'of no row';
    throw new InputError([
      {
        message: `an answer is ${said}: expected one of the ${rows.length} rows of this run, with its manager`,
      },
    ]);
  };

  const finishOf = ({ tokens, last_token: last }: About): 'stop' | 'length' =>
    tokens < config.policy.max_tokens || (last != null && endTokens.has(last)) ? 'stop' : 'length';

  const numbersOf = (rewards_G: readonly Reward[]): number[] =>
    applyAbstentionPolicy(rewards_G, abstention.policy === 'mask' ? 'group-mean' : abstention.policy).map(
      (score) => score ?? NEUTRAL,
    );

  /** What is wrong with a step; null: enough of it has been judged. */
  function tooManyAbstentions({ step }: Row): RunError | null {
    const ofStep = new Set(rows.filter((row) => row.step === step).map(({ index }) => index));
    const unjudged = answers.unjudged(ofStep);
    const all = answersOfStep(config);
    if (unjudged <= abstention.limit * all) return null;
    return new RunError(
      `step ${step}: the judge gave no verdict on ${unjudged} of ${all} answers, more than ` +
        `reward.abstention.limit (${abstention.limit}) allows`,
    );
  }

  return {
    // Nobody is told of rewards one by one: what stands in is known with the last, and their order here is another one.
    async score(rollouts) {
      // They come as they are drawn; who compares answers sees them in one order.
      const asked = rollouts
        .map((rollout, place) => ({ rollout, place, about: aboutOf(rollout) }))
        .sort((a, b) => a.about.session - b.about.session);
      const before = asked.map(({ rollout, about }) => givenBefore(answers, rollout, about));
      // Of a step that was stopped nobody was told: its judge may be back.
      if (before.every((given) => given !== undefined) && !tooManyAbstentions(asked[0]!.about.row)) {
        const again: Reward[] = [];
        asked.forEach(({ place }, i) => (again[place] = scored(before[i]!.given)));
        return again;
      }
      const drawn = asked.map(({ rollout, about }) => ({
        ...rollout,
        task: { ...rollout.task, id: about.row.task.id },
        finish: finishOf(about),
      }));
      try {
        assertWhole(asked, group_size);
        const rewards = await job.reward.score(drawn);
        const numbers = numbersOf(rewards);
        answers.add(
          asked.map(({ about: { index, session, tokens } }, i) => {
            const reward = rewards[i]!;
            return {
              index,
              session,
              text: sha256(drawn[i]!.response),
              tokens,
              finish: drawn[i]!.finish,
              given: numbers[i]!,
              reason: reward.status === 'abstained' ? `${reward.reason}: ${reward.detail}` : null,
            };
          }),
        );
        const tooMany = tooManyAbstentions(asked[0]!.about.row);
        if (tooMany) throw tooMany;
        const inOrder: Reward[] = [];
        asked.forEach(({ place }, i) => {
          const { components, verdicts, usage } = rewards[i]!;
          inOrder[place] = { ...scored(numbers[i]!), components, verdicts, usage };
        });
        return inOrder;
      } catch (error) {
        // Whoever serves asks about answers one by one where their group has failed: they would not be given what theirs is.
        onStop(asRunError(error));
        return new Promise<never>(() => {});
      }
    },
  };
}

const scored = (score: number): Reward & { status: 'scored' } => ({
  status: 'scored',
  score,
  components: [],
  verdicts: [],
  usage: NO_USAGE,
});

const asRunError = (error: unknown): RunError =>
  RunError.is(error) ? error : new RunError(`no reward could be given (${String(error)})`, { cause: error });

/** What an answer was given before: its reply was lost, or whoever gave it was killed meanwhile. */
function givenBefore(
  answers: GivenAnswers,
  { response }: Rollout,
  { index, session }: About,
): GivenAnswer | undefined {
  const given = answers.get(index, session);
  return given?.text === sha256(response) ? given : undefined;
}

/** @throws {RunError} what stands in, and what a judge that compares says, would be of a part of the group. */
function assertWhole(asked: readonly { about: About & { row: Row } }[], size: number): void {
  const { index, row } = asked[0]!.about;
  const isWhole =
    asked.length === size && asked.every(({ about }, i) => about.index === index && about.session === i);
  if (isWhole) return;
  throw new RunError(
    `step ${row.step}, row ${index}: the answers ${asked.map(({ about }) => about.session).join(', ')} came together, ` +
      `expected 0 to ${size - 1}: the others were lost, or took too long to be drawn`,
  );
}
