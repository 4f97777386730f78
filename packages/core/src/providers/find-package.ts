import { existsSync, readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import { isRecord } from '../text/json-value.js';

/** Conditions of a package's `exports` that hold for `import` in Node, and its main entry. */
const CONDITIONS: ReadonlySet<string> = new Set(['.', 'node', 'import', 'module-sync', 'default']);

/**
 * The file that `import` of a package would load if a file in one of these folders said so; undefined where none of them
 * has it installed. Node itself resolves an `import` from the file that holds it only.
 *
 * @param folders absolute, the first one that has it counts.
 */
export function findPackage(name: string, folders: readonly string[]): string | undefined {
  if (isBuiltin(name)) return undefined;
  for (const folder of folders) {
    const require = createRequire(join(folder, 'index.js'));
    for (const modules of require.resolve.paths(name) ?? []) {
      const manifestFile = join(modules, name, 'package.json');
      if (!existsSync(manifestFile)) continue;
      const { exports } = JSON.parse(readFileSync(manifestFile, 'utf8')) as { exports?: unknown };
      const entry = entryOf(exports);
      return entry === undefined ? require.resolve(name) : join(modules, name, entry);
    }
  }
  return undefined;
}

/** As Node reads it: the first condition that holds. */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (!isRecord(exports)) return undefined;
  for (const [condition, target] of Object.entries(exports)) {
    const entry = CONDITIONS.has(condition) ? entryOf(target) : undefined;
    if (entry !== undefined) return entry;
  }
  return undefined;
}
