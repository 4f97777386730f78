import { createHash } from 'node:crypto';
import { extname, posix } from 'node:path';
import type { Certificate } from '@touchstone/lab';
import { certificateText } from '@touchstone/lab';
import { version, type Loaded, type ScoringConfig } from '@touchstone/run';
import type { Plugin } from 'esbuild';
import { bundled } from '../bundle/bundled.js';
import { filesOf, nameInside } from '../bundle/files-of.js';
import { ABSENT } from '../bundle/leave-out.js';

/** The command line's file, in which `touchstone` is whole. */
const COMMAND_FILE = 'bin/touchstone.mjs';
const CONFIG_FILE = 'touchstone.yaml';
/** Where the command looks for its version: a folder up. */
const MANIFEST_FILE = 'package.json';
const RESERVED = [COMMAND_FILE, CONFIG_FILE, MANIFEST_FILE];

/** A folder in which `node bin/touchstone.mjs reward serve .` runs, with nothing to install. */
export interface App {
  /** Contents by path in the folder. The same configuration gives the same bytes. */
  files: Record<string, Uint8Array>;
  /** SHA-256 of all of it, hexadecimal. */
  sha256: string;
}

/** Native, or of no use to a server: models of this machine, reports, bundles. */
const LEFT_OUT = ['onnxruntime-node', '@photostructure/sqlite', 'linkedom', '@observablehq/plot'];

/**
 * The reward server of a configuration as files: the whole command in one module, the configuration as the user wrote it, and
 * what its checks and judges name. Providers are all in it, so that another model needs no other code.
 *
 * @param certificate of its judge; lies where the server looks for it.
 * @param entry the command line's own module.
 * @throws {InputError} a file that is named, or the run's folder, is outside of the configuration's folder.
 */
export async function makeApp(
  { config, baseDir, text }: Loaded<ScoringConfig>,
  certificate: Certificate | null,
  entry: string,
): Promise<App> {
  const result = await bundled({
    entryPoints: [entry],
    // Run from TypeScript, as the tests are, it bundles TypeScript.
    conditions: extname(entry) === '.ts' ? ['touchstone-source'] : [],
    plugins: [standIns],
    // An error says what kind it is by the name of its class.
    keepNames: true,
  });
  const named = await filesOf(config, baseDir, RESERVED);
  const files: Record<string, Uint8Array> = {
    ...named,
    [COMMAND_FILE]: result.outputFiles[0]!.contents,
    [CONFIG_FILE]: Buffer.from(text),
    [MANIFEST_FILE]: Buffer.from(
      `${JSON.stringify({ name: 'touchstone', version: version(), private: true })}\n`,
    ),
  };
  if (certificate) {
    const file = nameInside(posix.join(config.output, 'certificate.json'), Object.keys(files));
    files[file] = Buffer.from(certificateText(certificate));
  }
  return { files, sha256: hashOf(files) };
}

const standIns: Plugin = {
  name: 'stand-ins',
  setup(build) {
    build.onResolve({ filter: /^[@\w]/ }, ({ path }) => {
      if (path === 'esbuild') return { path, namespace: 'read' };
      return LEFT_OUT.some((name) => path === name || path.startsWith(`${name}/`))
        ? { path, namespace: 'absent' }
        : undefined;
    });
    build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: ABSENT }));
    build.onLoad({ filter: /./, namespace: 'read' }, () => ({ contents: READ, loader: 'js' }));
  },
};

/**
 * Modules of the user's own are bundled already, whatever their names end in: reading them is all that is left to do. What the bundle
 * begins with asks where the file is, which text that is imported does not know.
 */
const READ = `
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const textOf = (path) =>
  readFileSync(path, 'utf8').replace('import.meta.url', () => JSON.stringify(pathToFileURL(path).href));
export const build = async ({ entryPoints: [path] }) => ({ outputFiles: [{ contents: Buffer.from(textOf(path)) }] });`;

function hashOf(files: Readonly<Record<string, Uint8Array>>): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(files).sort())
    hash.update(`${name}\0${files[name]!.length}\0`).update(files[name]!);
  return hash.digest('hex');
}
