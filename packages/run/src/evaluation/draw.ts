import { configureEngine, fingerprintOf } from '@touchstone/engine';
import type { ReplyCache, Task } from '@touchstone/spec';
import { Policy } from '@touchstone/train';
import type { ScoringConfig } from '../config/schema.js';
import { RemotePolicy } from '../workspace/remote-policy.js';
import { assertRoomToAnswer, promptsOf } from '../workspace/workspace.js';
import type { DrawnModel } from './contestant.js';

/** A model behind an API, ready to be asked. Nothing is sent yet. @throws {InputError} a key, a package or a region is missing. */
export function openAsked(
  { config }: DrawnModel,
  { baseDir, seed, cache }: { baseDir: string; seed: number; cache: ReplyCache },
): Promise<RemotePolicy> {
  // How warm it is drawn stands in each request; null leaves it out of them.
  const { model, max_tokens: _, temperature, ...calls } = config;
  const asked = { ...calls, ...(temperature === null ? { temperature } : {}) };
  return RemotePolicy.open(
    model,
    { policy: { calls: asked }, training: { aws: undefined }, seed },
    baseDir,
    cache,
  );
}

/**
 * A model of this machine.
 *
 * @throws {InputError} it cannot be loaded, or a task leaves it no room to answer.
 */
export async function loadPolicy(
  folder: string,
  engine: ScoringConfig['engine'],
  { tasks, max_tokens }: { tasks: readonly Task[]; max_tokens: number },
): Promise<{ policy: Policy; fingerprint: string }> {
  configureEngine(engine);
  const policy = await Policy.load(folder);
  assertRoomToAnswer(policy, promptsOf(policy, tasks), { policy: { max_tokens } });
  return { policy, fingerprint: fingerprintOf(policy) };
}
