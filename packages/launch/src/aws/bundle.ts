import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, extname, posix, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  filesOfChecks,
  filesOfJudge,
  findSdkPackage,
  PROVIDERS,
  unusedCheckPackages,
} from '@touchstone/core';
import { certificateText, type Certificate } from '@touchstone/lab';
import { InputError, RunError } from '@touchstone/spec';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { type ScoringConfig, cacheVariablesOf, modelsOf } from '@touchstone/run';
import { lambdaConfigOf } from './lambda-config.js';
import { leaveOut } from './leave-out.js';
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
    ...(await filesOf(config, baseDir)),
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

/** What checks, judges and models name, under the names that they know it by. */
async function filesOf(config: ScoringConfig, baseDir: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  const named = [...filesOfChecks(config.reward.checks), ...(config.judge ? filesOfJudge(config.judge) : [])];
  for (const { name, isModule } of named) {
    const path = resolve(baseDir, name);
    files[nameInZip(name)] = isModule ? await bundleModule(path) : await readFile(path);
  }
  for (const { id, provider, name } of modelsOf(config.judge)) {
    const needs = provider.needs?.(name) ?? {};
    if (needs.module !== undefined) {
      files[nameInZip(needs.module)] = await bundleModule(resolve(baseDir, needs.module));
    }
    if (needs.package !== undefined) {
      // Where Node, and so the function, looks for an installed package.
      const folder = `node_modules/${needs.package}`;
      files[`${folder}/package.json`] = Buffer.from('{"type":"module","exports":"./index.mjs"}');
      files[`${folder}/index.mjs`] = await bundleModule(
        findSdkPackage(needs.package, baseDir, { model: id }),
      );
    }
  }
  return files;
}

/** A module of others with whatever it imports. Node's own way to run TypeScript reads plain JavaScript as well. */
async function bundleModule(path: string): Promise<Uint8Array> {
  const result = await bundled({ entryPoints: [path] });
  return result.outputFiles[0]!.contents;
}

/** @throws {InputError} for a file outside of the configuration's folder. */
function nameInZip(name: string): string {
  const path = posix.normalize(name.replaceAll('\\', '/'));
  if (path.startsWith('/') || path.startsWith('../') || RESERVED.includes(path)) {
    throw InputError.at(
      { file: name },
      `expected a file below the configuration, with another name than ${RESERVED.join(' and ')}`,
    );
  }
  return path;
}

/** @throws {RunError} with what esbuild says. */
async function bundled(options: BuildOptions) {
  try {
    return await build({
      ...options,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      // Packages in the older module format ask for Node's own modules with require.
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      metafile: true,
      write: false,
      logLevel: 'silent',
    });
  } catch (cause) {
    throw new RunError(`cannot bundle: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function packagesOf({ outputs }: Metafile): { name: string; bytes: number }[] {
  const bytes = new Map<string, number>();
  for (const output of Object.values(outputs)) {
    for (const [path, input] of Object.entries(output.inputs)) {
      const name =
        /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ??
        /packages\/(\w+)\//.exec(path)?.[1] ??
        'configuration';
      bytes.set(name, (bytes.get(name) ?? 0) + input.bytesInOutput);
    }
  }
  return [...bytes]
    .map(([name, total]) => ({ name, bytes: total }))
    .filter((one) => one.bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}
