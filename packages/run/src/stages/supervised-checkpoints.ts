import { join } from 'node:path';
import { RunError } from '@touchstone/spec';
import { checkpointName, loadCheckpoint, type FineTuneCheckpoint, type Policy } from '@touchstone/train';
import { localPolicy } from '../workspace/local-policy.js';
import type { Workspace } from '../workspace/workspace.js';
import { keepInSeries, newestInSeries, removeSeries, type CheckpointSeries } from './checkpoint-series.js';
import { SUPERVISE } from './stages.js';

type Part = Pick<Workspace, 'folder' | 'store' | 'policy'>;

export const supervisedCheckpointFolder = ({ folder }: Pick<Workspace, 'folder'>): string =>
  join(folder, 'sft-checkpoints');

/** Not the stage's own name: under that run.db has what comes out. */
const seriesOf = (workspace: Pick<Workspace, 'folder'>): CheckpointSeries => ({
  stage: `${SUPERVISE.name}, on the way`,
  folder: supervisedCheckpointFolder(workspace),
});

/**
 * Writes the checkpoint of a look. What stays is this one and the one before it, which is there if the disk fails, each with the one that had the
 * best weights by then.
 */
export function keepLook(
  workspace: Part,
  checkpoint: FineTuneCheckpoint,
  before: FineTuneCheckpoint | null,
): Promise<void> {
  const kept = [checkpoint, ...(before ? [before] : [])];
  return keepInSeries(workspace, seriesOf(workspace), checkpoint, () =>
    kept.flatMap(({ step, supervised: { best } }) => [step, best.step]),
  );
}

/**
 * The newest look that is what this run wrote, with the weights that were best by then; null where there is none.
 *
 * @param onBroken told of each newer one that does not hold.
 * @throws {RunError} none holds, though the run has written some.
 */
export function newestLook(
  workspace: Part,
  onBroken: (text: string) => void,
): Promise<FineTuneCheckpoint | null> {
  const { store } = workspace;
  const policy = localPolicy(workspace);
  const series = seriesOf(workspace);
  const digests = new Map(store.checkpoints(series.stage).map(({ step, digest }) => [step, digest]));
  const stored = new Set(store.steps(SUPERVISE.name).map(({ step }) => step));
  return newestInSeries(
    workspace,
    series,
    async ({ step, folder, expected }): Promise<FineTuneCheckpoint> => {
      if (!stored.has(step)) throw new RunError(`${folder}: run.db has no such step of this run`);
      const { supervised, ...checkpoint } = await loadCheckpoint(folder, policy, expected);
      if (!supervised) throw new RunError(`${folder}: it says nothing of a fine-tuning`);
      const { best } = supervised;
      const bestPolicy = async (): Promise<Policy> => {
        if (best.step === 0) return policy;
        // Training goes on with the one, and the other stays.
        if (best.step === step) return checkpoint.policy.clone();
        const expectedOfBest = { ...expected, digest: digests.get(best.step) };
        return (await loadCheckpoint(join(series.folder, checkpointName(best.step)), policy, expectedOfBest))
          .policy;
      };
      return { ...checkpoint, supervised, best: await bestPolicy() };
    },
    onBroken,
  );
}

/** Removes them, when what came out is stored. */
export const removeLooks = (workspace: Part): Promise<void> => removeSeries(workspace, seriesOf(workspace));
