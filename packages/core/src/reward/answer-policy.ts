import { z } from 'zod';
import type { CheckConfig } from '../checks/index.js';
import { parseAnswer } from '../text/answer.js';
import { repairJson } from '../text/repair-json.js';
import { afterThinking, ENDLESS } from '../text/thinking.js';

/** What of a response is the answer. */
export const answerSchema = z.strictObject({
  after_thinking: z.boolean().default(false).meta({
    description:
      'true: what follows the thinking that the response begins with; where that has no end, the answer is empty',
  }),
  inside_fence: z.boolean().default(false).meta({
    description: 'true: without the code fence, where one encloses the whole answer',
  }),
});

/** What of a response counts. */
export interface Answer {
  text: string;
  /** The answer is JSON only after repair, and this is what was done; see `repaired` of the json check. */
  repaired?: string;
  /** For people: why the answer is not what it could be. */
  note?: string;
}

/** The settings of a reward that say what of a response is the answer. */
interface AnswerSettings {
  answer?: z.output<typeof answerSchema> | undefined;
  checks: readonly CheckConfig[];
}

/** What of a response every part of a reward is shown. Another policy shows a judge other texts. */
export const answerPolicySchema = z.strictObject({
  after_thinking: z.boolean(),
  inside_fence: z.boolean(),
  /** Some check has `repaired` above 0: text that is not JSON and can be made so is that JSON. */
  repaired: z.boolean(),
});
export type AnswerPolicy = z.output<typeof answerPolicySchema>;

export function answerPolicyOf({ answer, checks }: AnswerSettings): AnswerPolicy {
  return {
    after_thinking: answer?.after_thinking ?? false,
    inside_fence: answer?.inside_fence ?? false,
    repaired: checks.some((check) => 'repaired' in check && check.repaired > 0),
  };
}

/**
 * Reads the answer in a response, for every part of a reward alike: `reward.answer` says how, and where some check has
 * `repaired` above 0, text that is not JSON and can be made so counts as that JSON. The response itself is what a run
 * records.
 */
export function createAnswerReader(settings: AnswerSettings): (response: string) => Answer {
  const policy = answerPolicyOf(settings);
  return (response) => {
    const spoken = policy.after_thinking ? afterThinking(response) : response;
    if (spoken === undefined) return { text: '', note: ENDLESS };
    const text = policy.inside_fence ? insideFence(spoken) : spoken;
    const repaired = policy.repaired && !('value' in parseAnswer(text)) ? repairJson(text) : undefined;
    return repaired ? { text: repaired.text, repaired: repaired.how } : { text };
  };
}

/** What one code fence holds that encloses the whole text; else the text as it is. */
function insideFence(text: string): string {
  const whole = text.trim();
  const first = whole.split('\n', 1)[0]!;
  const [, fence] = /^(`{3,}|~{3,})[ \t]{0,4}[\w+.-]{0,40}$/.exec(first.trimEnd()) ?? [];
  if (fence === undefined || whole.length < first.length + fence.length || !whole.endsWith(fence))
    return text;
  const inner = whole.slice(first.length + 1, -fence.length);
  const hasAnother = inner.split('\n').some((line) => line.trimStart().startsWith(fence));
  return hasAnother ? text : inner.trim();
}
