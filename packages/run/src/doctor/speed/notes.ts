import type { LoadedConfig } from '../../config/load.js';
import type { JudgeSpeed } from './judge.js';
import type { DecodingSpeed } from './policy.js';
import type { Work } from './predict.js';

/** What the prediction says nothing of, and what it takes for granted, in sentences. */
export function notesOf(
  { steps, stepAnswers, evaluations, evaluationAnswers }: Work,
  judges: readonly JudgeSpeed[],
  { prompts, maxTokens }: DecodingSpeed,
  { config }: LoadedConfig,
): string[] {
  const { backend } = config.training;
  const notes = [
    ...(backend === 'embedded'
      ? []
      : [
          `Not in it: the training itself, which is ${backend}'s (training.backend); decoding and gradients are those of the engine here.`,
        ]),
    'On a machine that is as busy as it was just now. Prompts of evaluations are taken to be like those of training.',
    'Not in it: checks, writing files, and what an earlier run has left done.',
  ];
  const { max_tokens: most } = config.policy;
  const cut = maxTokens < most ? `, cut at ${maxTokens} tokens` : '';
  notes.push(
    `From answers as long as the policy's are now${cut}, to answers of ${most} tokens each (policy.max_tokens).`,
  );
  if (prompts < config.training.prompts_per_step) {
    notes.push(
      `Measured on ${prompts} of the ${config.training.prompts_per_step} prompts of a step, and multiplied: more at once are faster.`,
    );
  }
  const supervised = config.training.sft
    ? ' Supervised fine-tuning may last as long as reinforcement, this included.'
    : '';
  for (const { role, models, callsPerAnswer, measured } of judges) {
    if (measured?.calls === 0) {
      notes.push(
        `${role} was asked nothing: every answer that the policy gave failed a check first, or left nothing to ask. Judging will take longer than nothing once answers pass.`,
      );
    }
    if (measured) continue;
    if (callsPerAnswer === null) {
      notes.push(`Not in it: ${role}, which runs code of one's own.${supervised}`);
      continue;
    }
    const answers = (role === 'judge' ? steps * stepAnswers : 0) + evaluations * evaluationAnswers;
    const calls = Math.round(answers * callsPerAnswer).toLocaleString('en');
    const limits = models.map(({ model, limits: known }) => {
      const { concurrency, requestsPerMinute, tokensPerMinute } = known ?? {};
      const set = [
        ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
        ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} calls a minute`]),
        ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens a minute`]),
      ];
      return `${model}${set.length === 0 ? '' : ` (at most ${set.join(', ')})`}`;
    });
    notes.push(
      `Not in it: about ${calls} calls of ${role} to ${limits.join(' and ')}, and its examination ` +
        `("touchstone judge --plan" counts its calls).${supervised}`,
    );
  }
  return notes;
}
