import { unzipSync } from 'fflate';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeBundle } from '@touchstone/launch';
import { loadScoringConfig } from '@touchstone/run';

/**
 * The AWS Lambda function of a judge as `touchstone reward bundle` makes it, unpacked into `folder`.
 *
 * @param {{ judge: { model: string }, seed: number, folder: string }} options `judge` as in `touchstone.yaml`
 * @returns {Promise<{ file: string, codeBytes: number, zipBytes: number, packages: { name: string, bytes: number }[] }>}
 */
export async function bundleLambda({ judge, seed, folder }) {
  mkdirSync(folder, { recursive: true });
  // JSON is YAML.
  writeFileSync(path.join(folder, 'touchstone.yaml'), JSON.stringify({ name: 'bench', seed, judge }));
  const { zip, codeBytes, packages } = await makeBundle(await loadScoringConfig(folder));
  for (const [name, content] of Object.entries(unzipSync(zip)))
    writeFileSync(path.join(folder, name), content);
  return { file: path.join(folder, 'index.mjs'), codeBytes, zipBytes: zip.length, packages };
}
