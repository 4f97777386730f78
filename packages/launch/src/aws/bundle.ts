import { createHash } from 'node:crypto';
import { dirname, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROVIDERS, unusedCheckPackages } from '@touchstone/core';
import { certificateText, type Certificate } from '@touchstone/lab';
import { RunError } from '@touchstone/spec';
import { type ScoringConfig, cacheVariablesOf, modelsOf } from '@touchstone/run';
import { bundled, packagesOf } from '../bundle/bundled.js';
import { filesOf } from '../bundle/files-of.js';
import { leaveOut } from '../bundle/leave-out.js';
import { lambdaConfigOf } from './lambda-config.js';
import { zipOf } from './zip.js';

interface Bundle {
  zip: Uint8Array;
  /** SHA-256 of the zip, hexadecimal: it names the code. */
  sha256: string;
  /** Bytes of JavaScript before compression. */
  codeBytes: number;
  /** Packages in it with their bytes of JavaScript, largest first. */
  packages: { name: string; bytes: number }[];
}

/** A function that is larger starts slower; ours is far smaller. */
const MAX_ZIP_BYTES = 400_000;

/** Names of the files in the zip; the template's handler setting follows from the first. */
const CODE_FILE = 'index.mjs';
export const CERTIFICATE_FILE = 'certificate.json';
const RESERVED = [CODE_FILE, CERTIFICATE_FILE];

/**
 * The AWS Lambda function of a configuration as a zip file: our code and the packages that this configuration needs in
 * one minified module, the configuration in it as data, and beside it the files that its checks and judges name. The same
 * configuration gives the same bytes.
 *
 * @param certificate of its judge; goes into the zip.
 * @throws {InputError} when the configuration cannot run in Lambda.
 */
export async function makeBundle(
  { config, baseDir }: { config: ScoringConfig; baseDir: string },
  certificate: Certificate | null = null,
): Promise<Bundle> {
  const lambda = lambdaConfigOf(config);
  const here = fileURLToPath(import.meta.url);
  const result = await bundled({
    stdin: {
      // The configuration is parsed at run time: as a literal it would be compiled with the code.
      contents: `
        import { createLambdaHandler } from '@touchstone/serve';
        const config = JSON.parse(${JSON.stringify(JSON.stringify(lambda))});
        export const handler = createLambdaHandler(config, { baseDir: import.meta.dirname });`,
      resolveDir: dirname(here),
    },
    // Run from TypeScript, as the tests are, it bundles TypeScript.
    conditions: extname(here) === '.ts' ? ['touchstone-source'] : [],
    plugins: [leaveOut(unusedPackages(config))],
  });
  const code = result.outputFiles[0]!.contents;
  const zip = zipOf({
    [CODE_FILE]: code,
    ...(await filesOf(config, baseDir, RESERVED)),
    ...(certificate ? { [CERTIFICATE_FILE]: Buffer.from(certificateText(certificate)) } : {}),
  });
  if (zip.length > MAX_ZIP_BYTES) {
    throw new RunError(
      `the bundle has ${zip.length} bytes, expected at most ${MAX_ZIP_BYTES}: which of its files is so large?`,
    );
  }
  return {
    zip,
    sha256: createHash('sha256').update(zip).digest('hex'),
    codeBytes: code.length,
    packages: packagesOf(result.metafile),
  };
}

/** Packages and modules that core can load and this configuration does not need. */
export function unusedPackages(config: ScoringConfig): string[] {
  const used = new Set(modelsOf(config.judge).map(({ provider }) => provider));
  const uses: [name: string, isUsed: boolean][] = [
    ...PROVIDERS.flatMap((provider) => [
      ...provider.loads.map((name): [string, boolean] => [name, used.has(provider)]),
      ...(provider.loadsOnMachines ?? []).map((name): [string, boolean] => [name, false]),
    ]),
    ['@redis/client', cacheVariablesOf(config.judge).length > 0],
  ];
  const unused = uses.flatMap(([name, isUsed]) => (isUsed ? [] : [name]));
  return [...unused, ...unusedCheckPackages(config.reward.checks)];
}
