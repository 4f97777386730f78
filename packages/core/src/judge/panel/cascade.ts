import { addUsage, NO_USAGE, type Verdict } from '@touchstone/spec';
import { fingerprintOf } from '../fingerprint.js';
import type { Judge, Judgement, MemberJudgement } from '../judge.js';
import type { CascadeConfig } from '../schema.js';
import type { AnswerScore } from '../score.js';
import { memberVerdicts, uniteCriteria } from './members.js';

/** What the first judge says of one answer, asked once or several times. */
interface Opinion {
  /** The mean of the repeats. */
  answer: AnswerScore;
  /** Of each repeat. */
  said: Judgement[];
  usage: Judgement['usage'];
  /** Why the second judge is asked; undefined when the first is sure. */
  doubt: string | undefined;
}

/**
 * A cheap judge first, a strong one where the cheap one abstained or is unsure. When the second compares answers, one
 * doubt sends the whole group to it: the scores of the two must not be mixed there.
 */
export function createCascade(config: CascadeConfig, first: Judge, second: Judge): Judge {
  const { unsure } = config;
  const fingerprint = fingerprintOf(config, { members: [first.fingerprint, second.fingerprint] });

  async function askFirst(rollouts_G: Parameters<Judge['judge']>[0], options: Parameters<Judge['judge']>[1]) {
    const { repeat = 0, signal } = options ?? {};
    const repeats = await Promise.all(
      Array.from({ length: unsure.repeats }, (_, r) =>
        first.judge(rollouts_G, { repeat: repeat * unsure.repeats + r, signal }),
      ),
    );
    return rollouts_G.map((_, g) =>
      opinionOf(
        repeats.map((judgements) => judgements[g]!),
        unsure,
      ),
    );
  }

  function decide({ answer, said, usage, doubt }: Opinion, strong: Judgement | undefined): Judgement {
    const decided = strong ?? said[0]!;
    const own = decided.verdicts
      .filter(({ member }) => member === undefined)
      .map((verdict): Verdict => ({
        ...verdict,
        judge: fingerprint,
        raw: '',
        note: doubt ?? 'the first judge is sure',
      }));
    const withBelow = (name: string, judged: Judgement, shown: MemberJudgement): MemberJudgement[] => [
      shown,
      ...(judged.members ?? []).map((one) => ({ ...one, name: `${name}.${one.name}` })),
    ];
    return {
      answer: strong ? strong.answer : answer,
      verdicts: [
        ...own,
        ...said.flatMap(({ verdicts }) => memberVerdicts('first', verdicts)),
        ...memberVerdicts('second', strong?.verdicts ?? []),
      ],
      usage: addUsage(usage, strong?.usage ?? NO_USAGE),
      members: [
        ...withBelow('first', said[0]!, { name: 'first', answer, usage }),
        ...(strong
          ? withBelow('second', strong, { name: 'second', answer: strong.answer, usage: strong.usage })
          : [{ name: 'second', answer: null, usage: NO_USAGE }]),
      ],
    };
  }

  return {
    id: `cascade of ${first.id}, ${second.id}`,
    fingerprint,
    criteria: uniteCriteria([first, second]),
    compares: first.compares === true || second.compares === true,
    members: [first, second],
    async judge(rollouts_G, options) {
      const opinions = await askFirst(rollouts_G, options);
      const isDoubted = opinions.some(({ doubt }) => doubt !== undefined);
      const asked = rollouts_G.flatMap((_, g) =>
        opinions[g]!.doubt !== undefined || (second.compares && isDoubted) ? [g] : [],
      );
      const strong =
        asked.length === 0
          ? []
          : await second.judge(
              asked.map((g) => rollouts_G[g]!),
              options,
            );
      return rollouts_G.map((_, g) => {
        const place = asked.indexOf(g);
        return decide(opinions[g]!, place < 0 ? undefined : strong[place]);
      });
    },
  };
}

function opinionOf(said: Judgement[], unsure: CascadeConfig['unsure']): Opinion {
  const usage = said.reduce((sum, one) => addUsage(sum, one.usage), NO_USAGE);
  const scores: number[] = [];
  for (const { answer } of said) {
    if (answer.status === 'abstained')
      return { answer, said, usage, doubt: `the first judge abstained: ${answer.reason}: ${answer.detail}` };
    scores.push(answer.score);
  }
  const score = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  // Nothing was asked where there was nothing to judge: the strong judge would say the same, for free too.
  const wasAsked = said.some(({ verdicts }) => verdicts.some(({ key }) => key !== ''));
  const doubt = wasAsked ? doubtOf(said, scores, score, unsure) : undefined;
  return { answer: { status: 'scored', score }, said, usage, doubt };
}

function doubtOf(
  said: readonly Judgement[],
  scores: readonly number[],
  score: number,
  { between, disagreement, entropy }: CascadeConfig['unsure'],
): string | undefined {
  if (between && score >= between[0] && score <= between[1])
    return `the first judge's score ${score.toFixed(3)} is between ${between[0]} and ${between[1]}`;
  const spread = Math.max(...scores) - Math.min(...scores);
  if (disagreement !== undefined && spread > disagreement)
    return `the first judge's repeats differ by ${spread.toFixed(3)}`;
  if (entropy === undefined) return undefined;
  const seen = said.flatMap(({ verdicts }) =>
    verdicts.flatMap((verdict) => (verdict.status === 'scored' ? verdict.criteria : [])),
  );
  const highest = Math.max(0, ...seen.map((one) => one.entropy ?? 0));
  return highest > entropy ? `the first judge's scores have entropy up to ${highest.toFixed(3)}` : undefined;
}
