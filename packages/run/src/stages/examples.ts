import { createAnswerReader, parseAnswer, readTaskPath, singleJudges } from '@touchstone/core';
import { judgeScore } from '@touchstone/lab';
import {
  random,
  type CriterionVerdict,
  type Example,
  type JsonValue,
  type Reward,
  type Task,
} from '@touchstone/spec';
import type { StoredRollout } from '@touchstone/store';
import type { Workspace } from '../workspace/workspace.js';

const COUNT = 12;

/** A dozen held-out tasks with every model's first answer side by side, drawn at random and not chosen. */
export function pickExamples(workspace: Workspace, stored: Record<string, StoredRollout[]>): Example[] {
  const { config, data } = workspace;
  const readAnswer = createAnswerReader(config.reward);
  const tasks = random(config.seed, 'examples').shuffle(data.eval).slice(0, COUNT);
  return tasks.map((task) => {
    const document = documentOf(workspace, task);
    return {
      task: task.id,
      document,
      reference:
        typeof task.reference === 'string' ? task.reference : JSON.stringify(task.reference, null, 2),
      answers: Object.entries(stored).flatMap(([model, rollouts]) => {
        const found = rollouts.find(({ rollout }) => rollout.task.id === task.id);
        return found
          ? [answerOf(model, found, quotesIn(readAnswer(found.rollout.response).text, document))]
          : [];
      }),
    };
  });
}

/** What the grounding check or the judge calls the document; without either, the prompt. */
function documentOf({ config }: Workspace, task: Task): string {
  const check = config.reward.checks.find(({ type }) => type === 'grounding');
  const named = singleJudges(config.judge).map(({ config: single }) =>
    'inputs' in single ? single.inputs['document'] : undefined,
  );
  const path = check?.type === 'grounding' ? check.document : named.find((one) => one !== undefined);
  const value = readTaskPath(task, path ?? 'prompt');
  return typeof value === 'string' ? value : JSON.stringify(value ?? '', null, 2);
}

function answerOf(
  model: string,
  { rollout, reward, truth }: StoredRollout,
  quotes: string[],
): Example['answers'][number] {
  return {
    model,
    response: rollout.response,
    score: judgeScore(reward),
    truth,
    quotes,
    verdicts: verdictsOf(reward),
    note: noteOf(reward),
  };
}

/** Strings of a JSON answer that stand in the document, longer than a word. */
function quotesIn(text: string, document: string): string[] {
  const answer = parseAnswer(text);
  if (!('value' in answer)) return [];
  const strings = (value: JsonValue): string[] => {
    if (typeof value === 'string') return [value];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
  };
  return [...new Set(strings(answer.value))].filter((text) => text.length >= 12 && document.includes(text));
}

function verdictsOf(reward: Reward | null): Example['answers'][number]['verdicts'] {
  return (reward?.verdicts ?? []).flatMap((verdict): Example['answers'][number]['verdicts'] => {
    if (verdict.status !== 'scored' || verdict.member !== undefined) return [];
    const { item = null, outcome, rank, against = [], criteria, score: whole } = verdict;
    if (criteria.length === 0) {
      const { evidence, reason } = verdict.rationale ?? { evidence: '', reason: '' };
      const how = outcome ?? (rank === undefined ? undefined : `rank ${rank}`);
      const compared = how === undefined ? '' : `${how} against ${against.join(', ')}: `;
      return [{ item, criterion: null, evidence, reason: compared + reason, value: whole, score: whole }];
    }
    return criteria.map((one) => {
      const { criterion, evidence, value, score } = one;
      return { item, criterion, evidence, reason: reasonOf(one), value, score };
    });
  });
}

/** A rule that set the value is the reason for it, and not what the judge says of another one. */
function reasonOf({ value, reason, overruled }: CriterionVerdict): string {
  if (overruled === undefined) return reason;
  return `set to ${value} by the rule "${overruled.by}"; the judge had said ${overruled.value}: ${reason}`;
}

function noteOf(reward: Reward | null): string {
  if (!reward) return 'not judged';
  if (reward.status === 'abstained') return `no verdict: ${reward.reason}: ${reward.detail}`;
  if (reward.gatedBy === undefined) return '';
  const gate = reward.components.find(({ name }) => name === reward.gatedBy);
  return `not judged: failed ${reward.gatedBy}${gate?.detail ? `: ${gate.detail}` : ''}`;
}
