import { createAnswerReader, parseAnswer, type RewardFunction } from '@touchstone/core';
import { judgeScore, type EvaluationRecord } from '@touchstone/lab';
import type { Reward, Rollout } from '@touchstone/spec';
import type { RolloutRecord, StoredRollout } from '@touchstone/store';
import { stopOnAbstentions } from '@touchstone/train';
import type { Config } from '../config/schema.js';
import type { Workspace } from '../workspace/workspace.js';
import type { StageReporter } from './stage.js';
import { evaluationOf } from './stages.js';

/** Answers per task: as many as asked for, and enough to choose the best of k from. */
export const samplesPerTask = ({ config }: { config: Pick<Config, 'evaluation'> }): number =>
  Math.max(config.evaluation.samples, config.evaluation.best_of);

/** What scores answers: those of a run, or of an evaluation by itself, which may lack the judge. */
export interface Scorers {
  config: Pick<Config, 'reward'>;
  reward: RewardFunction | null;
  heldout: { reward: RewardFunction } | null;
  truth: Workspace['truth'];
}

/** Samples answers to all held-out tasks and scores them with the judge, the held-out judge and the truth. */
export async function evaluate(
  workspace: Workspace,
  policy: Workspace['policy'],
  model: string,
  reporter: StageReporter,
): Promise<null> {
  const { config, store, data, heldout } = workspace;
  const samples = samplesPerTask(workspace);
  const answers = data.eval.length * samples;
  const judges = 1 + (heldout ? 1 : 0);
  // An answer is a unit of work when it is written, and again for each judge.
  const total = answers * (1 + judges);
  reporter.progress(0, total);
  let done = 0;
  const draws = { samples, seed: config.seed, name: model };
  const sampled = await policy.sample(data.eval, config.policy, draws, () =>
    reporter.progress(++done, total, 'answers sampled'),
  );
  done = answers;
  reporter.progress(done, total, 'answers sampled');
  const rollouts = sampled.map(({ rollout }) => rollout);
  const scored = await scoreAnswers(workspace, rollouts, model, () =>
    reporter.progress(++done, total, 'judging'),
  );
  store.putRollouts(
    evaluationOf(model).name,
    0,
    scored.map((one, i) => ({ ...one, tokens: sampled[i]!.tokens.length })),
  );
  return null;
}

/**
 * What judge, held-out judge and truth say of a model's answers.
 *
 * @param onDone told of each answer that a judge has judged.
 * @throws {RunError} more answers than reward.abstention.limit allows could not be judged.
 */
export async function scoreAnswers(
  { config, reward, heldout, truth }: Scorers,
  rollouts: readonly Rollout[],
  model: string,
  onDone: () => void,
): Promise<Omit<RolloutRecord, 'tokens'>[]> {
  const score = async (by: RewardFunction): Promise<Reward[]> => {
    const rewards = await by.score(rollouts, { onDone });
    stopOnAbstentions(rewards, config.reward.abstention.limit, `evaluating ${model}`);
    return rewards;
  };
  const judged = reward && (await score(reward));
  const heldoutJudged = heldout && (await score(heldout.reward));
  const readAnswer = createAnswerReader(config.reward);
  return rollouts.map((rollout, i) => ({
    rollout,
    reward: judged?.[i] ?? null,
    heldout: heldoutJudged?.[i] ?? null,
    truth: truth && truth(rollout.task, readAnswer(rollout.response).text),
  }));
}

/** Tells of a response whether what is taken of it for the answer is a JSON object or list as it stands: a number is one that nobody has asked for. */
export function jsonReader({ reward }: Pick<Config, 'reward'>): (response: string) => boolean {
  const readAnswer = createAnswerReader(reward);
  return (response) => {
    const { text, repaired } = readAnswer(response);
    const parsed = parseAnswer(text);
    return (
      repaired === undefined && 'value' in parsed && typeof parsed.value === 'object' && parsed.value !== null
    );
  };
}

/** Stored rollouts of an evaluation as the records that statistics are made of. */
export function evaluationRecords(
  workspace: { config: Pick<Config, 'reward'> },
  stored: readonly StoredRollout[],
): EvaluationRecord[] {
  const { checks } = workspace.config.reward;
  const schemaChecks = checks
    .filter(({ type }) => type === 'json-schema')
    .map((check) => check.name ?? check.type);
  const isJson = jsonReader(workspace.config);
  const samples = new Map<string, number>();
  return stored.map(({ rollout, reward, heldout, truth, tokens }) => {
    const sample = samples.get(rollout.task.id) ?? 0;
    samples.set(rollout.task.id, sample + 1);
    const components = Object.fromEntries(
      (reward?.components ?? []).flatMap(({ name, kind, score }) =>
        kind === 'judge' || score === null ? [] : [[name, score]],
      ),
    ) as Record<string, number>;
    return {
      taskId: rollout.task.id,
      sample,
      judge: judgeScore(reward),
      heldout: judgeScore(heldout),
      valid:
        schemaChecks.length > 0
          ? schemaChecks.every((name) => components[name] === 1)
          : isJson(rollout.response),
      truth,
      tokens,
      components,
      length: rollout.response.length,
    };
  });
}
