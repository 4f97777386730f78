import { hash } from 'node:crypto';
import { accessSync, constants, readFileSync, realpathSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const IS_TEXT_OF_CODE = /\.[cm]?[jt]sx?$/;
const IS_LOADED = /\.([cm]?[jt]sx?|json|node|wasm)$/;
/** What a name may end in and leave out, in TypeScript and in older module formats. */
const ENDINGS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx', '.json', '.node'];
/** A relative path between quotes; behind `new URL(` it may be of any file that the module reads. */
const NAMED = /(new URL\(\s*)?(["'`])(\.\.?(?:\/[^"'`\n]*)?)\2/g;

/**
 * SHA-256 over a module of the user's own and every file that it, and they in turn, name by a relative path: what they import,
 * require, or read by `new URL(…, import.meta.url)`. Of a module that names none it is the hash of its file.
 *
 * The text is searched and not parsed, so that nothing but Node is needed: a path in a comment counts as well. Not seen are
 * packages, aliases of `package.json` and `tsconfig.json`, and paths that are computed.
 *
 * @param path absolute.
 * @throws {Error} of Node's, when the module itself cannot be read.
 */
export function hashOfModule(path: string): string {
  const hashes: string[] = [];
  // What is added while it is walked is walked too.
  const files = new Set([realpathSync(path)]);
  for (const file of files) {
    const content = readFileSync(file);
    hashes.push(hash('sha256', content));
    if (!IS_TEXT_OF_CODE.test(file)) continue;
    for (const [, isUrl, , name] of content.toString().matchAll(NAMED)) {
      // Where a name may be of several files, all count: which one is taken is up to what loads the module.
      const found = candidates(name!, file).filter(isReadable);
      for (const one of found) if (isUrl !== undefined || IS_LOADED.test(one)) files.add(realpathSync(one));
    }
  }
  return hashes.length === 1 ? hashes[0]! : hash('sha256', hashes.join(' '));
}

function candidates(name: string, file: string): string[] {
  let path: string;
  try {
    path = fileURLToPath(new URL(name, pathToFileURL(file)));
  } catch {
    return []; // Text that only looks like a path.
  }
  // TypeScript names its files as if they were JavaScript.
  const typed = [path.replace(/\.([cm]?)jsx?$/, '.$1ts'), path.replace(/\.jsx?$/, '.tsx')];
  return [path, ...typed, ...ENDINGS.flatMap((end) => [path + end, `${path}/index${end}`])];
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
