import { resolve } from 'node:path';
import type { Loaded } from '../config/load.js';
import { modelFolders } from '../config/references.js';
import type { ScoringConfig } from '../config/schema.js';
import { failed, ok, type Finding } from './finding.js';

/** Opens every model folder that the configuration names, as a run does, and writes a prompt with its chat template. */
export async function examineModels({ config, baseDir }: Loaded<ScoringConfig>): Promise<Finding[]> {
  const { loadModelFolder } = await import('@touchstone/engine');
  const findings: Finding[] = [];
  // One after the other: each may fill the memory.
  for (const { place, name } of modelFolders(config)) {
    const what = `${place} ${name}`;
    try {
      const { model, tokenizer } = await loadModelFolder(resolve(baseDir, name));
      tokenizer.encodeChat([{ role: 'user', content: 'Is anybody there?' }]);
      findings.push(ok(what, `opens: ${model.size.toLocaleString('en')} weights`));
    } catch (error) {
      findings.push(failed(what, error instanceof Error ? error.message : String(error)));
    }
  }
  return findings;
}
