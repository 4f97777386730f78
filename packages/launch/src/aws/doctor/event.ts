import { readTaskPath } from '@touchstone/core';
import { parseRewardEvent, type NovaSample } from '@touchstone/serve';
import { type Finding, type ScoringConfig, failed, ok, warning } from '@touchstone/run';
import { MAX_PAYLOAD_BYTES } from '../limits.js';
import type { EventFile } from '../read-event.js';

/** Whether the reward function will understand an event: shape, answers, references, and what the prompts name. */
export function examineEvent({ event, bytes }: EventFile, config: ScoringConfig): Finding[] {
  const samples = parseRewardEvent(event);
  const readable = samples.filter(({ problem }) => problem === undefined);
  const unreadable = samples.filter(({ problem }) => problem !== undefined);
  const findings = [
    unreadable.length === 0
      ? ok('Event', `${samples.length} samples, ${bytes} bytes`)
      : failed(
          'Event',
          `${unreadable.length} of ${samples.length} samples cannot be read: ${told(unreadable[0]!)}`,
        ),
  ];
  if (bytes > MAX_PAYLOAD_BYTES) {
    findings.push(failed('Event size', `${bytes} bytes; Lambda takes at most ${MAX_PAYLOAD_BYTES}`));
  }
  const answered = readable.filter(({ rollout }) => rollout !== null);
  if (answered.length < readable.length) {
    const count = readable.length - answered.length;
    const why =
      answered.length === 0 ? ': these look like lines of a training file, as the SDK sends them first' : '';
    findings.push(warning('Answers', `${count} of ${samples.length} samples have none and score 0${why}`));
  }
  const missing = pathsOf(config).flatMap((path) => {
    const lacking = answered.filter(({ rollout }) => {
      const value = readTaskPath(rollout!.task, path);
      return value === undefined || value === null;
    });
    return lacking.length > 0 ? [`${path} in ${lacking.length} of ${answered.length}`] : [];
  });
  if (missing.length > 0) {
    findings.push(
      failed('Inputs', `missing, so that these samples get no score of their own: ${missing.join('; ')}`),
    );
  } else if (answered.length > 0)
    findings.push(ok('Inputs', 'everything that the prompts and checks name is there'));
  return findings;
}

function told({ id, problem }: NovaSample): string {
  return `${id}: ${problem}`;
}

/** The places in a task that the judges' prompts and the checks read. */
function pathsOf(config: ScoringConfig): string[] {
  const paths = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { inputs } = value as { inputs?: unknown };
    if (typeof inputs === 'object' && inputs !== null) {
      for (const path of Object.values(inputs)) if (typeof path === 'string') paths.add(path);
    }
    for (const child of Object.values(value)) visit(child);
  };
  visit(config.judge);
  for (const check of config.reward.checks) if ('document' in check) paths.add(check.document);
  return [...paths];
}
