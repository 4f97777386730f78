import type { JsonObject } from '@touchstone/spec';
import type { Criterion } from './criterion.js';
import { scaleRange } from './score.js';

/** How a judge must reply, for its prompt. The same text for every call, so that providers can cache it. */
export function describeReply(criteria: readonly Criterion[]): string {
  const verdicts = criteria.map((criterion) => {
    const score = criterion.scale === 'boolean' ? 'true or false' : gradesOf(criterion).join('|');
    return `{"criterion":"${criterion.name}","evidence":"...","reason":"...","score":${score}}`;
  });
  return `{"id":"the reply id","verdicts":[${verdicts.join(',')}]}`;
}

/** The criteria as a numbered-scale list for the prompt: name, scale, question, and each anchor on its line. */
export function describeCriteria(criteria: readonly Criterion[]): string {
  return criteria
    .map((criterion) => {
      if (criterion.scale === 'boolean') return `- ${criterion.name} (true or false): ${criterion.question}`;
      const { min, max } = scaleRange(criterion);
      const anchors = Object.entries(criterion.anchors ?? {})
        .map(([level, text]): [number, string] => [Number(level), text])
        .sort(([a], [b]) => a - b)
        .map(([level, text]) => `    ${level} = ${text}`);
      return [`- ${criterion.name} (${min} to ${max}): ${criterion.question}`, ...anchors].join('\n');
    })
    .join('\n');
}

/**
 * JSON Schema of a reply, in the subset that strict providers accept: every object closed and every key required,
 * scores as enumerations. The id is not fixed here: each call would then be a new schema, which providers compile
 * on first sight; the parser compares it instead. The order of the keys makes evidence come before the score.
 */
export function replySchema(criteria: readonly Criterion[]): JsonObject {
  const groups = new Map<string, Criterion[]>();
  for (const criterion of criteria) {
    const scale = criterion.scale === 'boolean' ? 'boolean' : gradesOf(criterion).join();
    groups.set(scale, [...(groups.get(scale) ?? []), criterion]);
  }
  const shapes = [...groups.values()].map((group) =>
    closed({
      criterion: { type: 'string', enum: group.map(({ name }) => name) },
      evidence: { type: 'string' },
      reason: { type: 'string' },
      score:
        group[0]!.scale === 'boolean' ? { type: 'boolean' } : { type: 'integer', enum: gradesOf(group[0]!) },
    }),
  );
  const items: JsonObject = shapes.length === 1 ? shapes[0]! : { anyOf: shapes };
  return closed({ id: { type: 'string' }, verdicts: { type: 'array', items } });
}

function closed(properties: JsonObject): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

function gradesOf(criterion: Criterion): number[] {
  const { min, max } = scaleRange(criterion);
  return Array.from({ length: max - min + 1 }, (_, i) => min + i);
}
