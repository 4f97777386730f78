import type { NamedFile } from '../files/named-file.js';
import type { Criterion } from './criterion.js';
import type { JudgeDefinition, JudgeResources } from './define.js';
import type { Judge } from './judge.js';
import { JUDGES, type JudgeConfig, type SingleJudgeConfig } from './kinds.js';

/**
 * The judge that `config` describes, with the judges it is made of.
 *
 * @throws {InputError} when a prompt, an input or a file is wrong, or a model cannot be opened.
 */
export function openJudge(config: JudgeConfig, resources: JudgeResources): Promise<Judge> {
  return openAny(config, resources);
}

function openAny(config: { kind: string }, resources: JudgeResources): Promise<Judge> {
  const openJudge = (member: { kind: string }): Promise<Judge> => openAny(member, resources);
  return definitionOf(config).open(config, { ...resources, openJudge });
}

/** The judges of a configuration that are not made of others, each with its place. Such a judge is its only one. */
export function singleJudges(config: JudgeConfig): { path: string[]; config: SingleJudgeConfig }[] {
  const within = (one: { kind: string }, path: string[]): ReturnType<typeof singleJudges> => {
    const { members } = definitionOf(one);
    if (members === undefined) return [{ path, config: one as SingleJudgeConfig }];
    return members(one).flatMap((member) => within(member.config, [...path, ...member.path]));
  };
  return within(config, []);
}

/** The criteria that the verdicts of a judge will name, each name once. */
export function criteriaOf(config: JudgeConfig): Criterion[] {
  const all = singleJudges(config).flatMap(({ config: single }) => [
    ...(definitionOf(single).criteria?.(single) ?? []),
  ]);
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/** The files that a judge and its members name, each with its place. */
export function filesOfJudge(config: JudgeConfig): NamedFile[] {
  return singleJudges(config).flatMap(({ path, config: single }) =>
    (definitionOf(single).files?.(single) ?? []).map((file) => ({ ...file, path: [...path, ...file.path] })),
  );
}

/** A judge with all those that it asks, each once. */
export function judgesWithin(judge: Judge): Judge[] {
  const all = [judge, ...(judge.members ?? []).flatMap(judgesWithin)];
  return all.filter(({ fingerprint }, i) => all.findIndex((one) => one.fingerprint === fingerprint) === i);
}

function definitionOf({ kind }: { kind: string }): JudgeDefinition {
  return JUDGES.find((one) => one.kind === kind)!;
}
