import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * What stands in for a module that is left out. It can be imported and built upon while modules load; using it later
 * says what happened.
 */
export const ABSENT = `
const refuse = () => { throw new Error('this was left out of the bundle: please report it'); };
const absent = new Proxy(function () {}, { get: (_, key) => (key === 'then' ? undefined : absent), construct: () => ({}), apply: refuse });
module.exports = absent;`;

/** Our schemas are checked when the bundle is made, so that in it they need not even be built. */
const NO_SCHEMAS = `
const refuse = () => { throw new Error('configurations are checked when the bundle is made, not in it'); };
const schema = new Proxy(function () {}, {
  get: (_, key) => (/^(safe)?parse|^then$/i.test(String(key)) ? (key === 'then' ? undefined : refuse) : schema),
  construct: () => schema,
  apply: () => schema,
});
export const z = schema;
export default schema;`;

/** How provider packages import zod: as one object, of which no part can be left out. */
const WHOLE_ZOD = /import \{ z(?: as (\w+))? \} from ["']zod\/v4["']/g;

/** What our schemas say to people who write a configuration; in a bundle it would be dead weight. */
const DESCRIPTION = /\.meta\(\{\s*description:\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`),?\s*\}\)/g;

const OUR_CORE = /[\\/](?:packages|@touchstone)[\\/]core[\\/](?:dist|src)[\\/].*\.(?:js|ts)$/;

/** zod's messages in other languages; provider packages use it to read replies. */
const LOCALES_OF_ZOD = /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/;

/** Packages of providers that only read replies that are streamed. */
const STREAMING = ['@smithy/eventstream-codec', '@smithy/util-utf8'];

/**
 * Leaves out of a bundle what this configuration never reaches.
 *
 * @param unused packages, and modules of ours as they are imported, that nothing of this configuration uses. Of a
 *   provider's package only the main entry is left out: Bedrock's uses parts of another's.
 */
export function leaveOut(unused: readonly string[]): Plugin {
  const isUnused = (path: string): boolean =>
    [...unused, ...STREAMING].some(
      (name) => path === name || (path.startsWith(`${name}/`) && !name.startsWith('@ai-sdk/')),
    );
  return {
    name: 'leave-out',
    setup(build) {
      build.onResolve({ filter: /^[@\w.]/ }, ({ path }) => {
        if (path === 'zod') return { path, namespace: 'no-schemas' };
        return isUnused(path) ? { path, namespace: 'absent' } : undefined;
      });
      build.onLoad({ filter: /./, namespace: 'no-schemas' }, () => ({ contents: NO_SCHEMAS }));
      build.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: ABSENT }));
      build.onLoad({ filter: /[\\/]@ai-sdk[\\/].*\.m?js$/ }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(
          WHOLE_ZOD,
          (_, name: string | undefined) => `import * as ${name ?? 'z'} from 'zod/v4'`,
        ),
      }));
      build.onLoad({ filter: OUR_CORE }, async ({ path }) => ({
        contents: (await readFile(path, 'utf8')).replace(DESCRIPTION, ''),
        loader: path.endsWith('.ts') ? 'ts' : 'js',
      }));
      build.onLoad({ filter: LOCALES_OF_ZOD }, () => ({
        contents: "export { default as en } from './en.js';",
      }));
    },
  };
}
