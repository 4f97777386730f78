import { appendFileSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CausalLM } from '@touchstone/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, openWorkspace, type Workspace } from '../index.js';
import { STEPS, writeSmallRun } from '../small-run.testing.js';
import { hasWeights, keepWeights, keptPolicy } from './weights.js';
import { localPolicy } from '../workspace/local-policy.js';

describe('weights that another trainer has left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-weights-'));
  let workspace: Workspace;
  let count = 0;
  beforeAll(async () => {
    await writeSmallRun(folder);
    workspace = await openWorkspace(await loadConfig(folder));
  });
  afterAll(() => workspace.store.close());
  /** A folder as a trainer leaves it. */
  const left = async (model: CausalLM): Promise<string> => {
    const at = join(folder, `left-${count++}`);
    await model.save(at, localPolicy(workspace).folder);
    return at;
  };
  const source = () => localPolicy(workspace).model.config.source;

  it('become the checkpoint of the last step, with the policy own configuration', async () => {
    expect(await hasWeights(workspace)).toBe(false);
    await expect(keptPolicy(workspace)).rejects.toThrow(/run\.db does not know of the weights of step 3/);
    const other = CausalLM.initialise(source(), 7);
    await keepWeights(workspace, await left(other));
    expect(await hasWeights(workspace)).toBe(true);
    const policy = await keptPolicy(workspace);
    expect(policy.model.fingerprint()).toBe(other.fingerprint());
    expect(policy.model.config).toEqual(localPolicy(workspace).model.config);
    const file = join(folder, `out/checkpoints/step-00000${STEPS}/model.safetensors`);
    appendFileSync(file, 'x');
    expect(await hasWeights(workspace)).toBe(false);
    await expect(keptPolicy(workspace)).rejects.toThrow(
      /model\.safetensors has \d+ bytes.*Run the same command/s,
    );
  });

  it('are refused by name where they are of another model, damaged, or no numbers', async () => {
    const wide = CausalLM.initialise({ ...source(), intermediate_size: 48 }, 1);
    await expect(keepWeights(workspace, await left(wide))).rejects.toThrow(
      /weights of another model than policy\.model: expected .*gate_proj.* of 32 × 32, found the shape 48 × 32/,
    );
    const lost = await left(CausalLM.initialise(source(), 1));
    const weights = join(lost, 'model.safetensors');
    const bytes = readFileSync(weights);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    writeFileSync(weights, bytes);
    await expect(keepWeights(workspace, lost)).rejects.toThrow(/NaN/);
    const cut = await left(CausalLM.initialise(source(), 1));
    truncateSync(join(cut, 'model.safetensors'), 1000);
    await expect(keepWeights(workspace, cut)).rejects.toThrow(/cannot be read: .*model\.safetensors/s);
    await expect(keepWeights(workspace, join(folder, 'nowhere'))).rejects.toThrow(/cannot be read/);
  });
});
