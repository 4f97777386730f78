import { readFile } from 'node:fs/promises';
import { posix, resolve } from 'node:path';
import { filesOfChecks, filesOfJudge, findSdkPackage } from '@touchstone/core';
import { modelsOf, type ScoringConfig } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import { bundleModule } from './bundled.js';

/**
 * What checks, judges and models name, under the names that they know it by: modules with whatever they import, packages of
 * providers where Node looks for installed ones.
 *
 * @param reserved names that a bundle has for its own files.
 * @throws {InputError} for a file outside of the configuration's folder.
 */
export async function filesOf(
  config: ScoringConfig,
  baseDir: string,
  reserved: readonly string[],
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  const named = [...filesOfChecks(config.reward.checks), ...(config.judge ? filesOfJudge(config.judge) : [])];
  for (const { name, isModule } of named) {
    const path = resolve(baseDir, name);
    files[nameInside(name, reserved)] = isModule ? await bundleModule(path) : await readFile(path);
  }
  for (const { id, provider, name } of modelsOf(config.judge)) {
    const needs = provider.needs?.(name) ?? {};
    if (needs.module !== undefined) {
      files[nameInside(needs.module, reserved)] = await bundleModule(resolve(baseDir, needs.module));
    }
    if (needs.package !== undefined) {
      // Where Node, and so a function or a server, looks for an installed package.
      const folder = `node_modules/${needs.package}`;
      files[`${folder}/package.json`] = Buffer.from('{"type":"module","exports":"./index.mjs"}');
      files[`${folder}/index.mjs`] = await bundleModule(
        findSdkPackage(needs.package, baseDir, { model: id }),
      );
    }
  }
  return files;
}

/** @throws {InputError} for a file outside of the configuration's folder. */
export function nameInside(name: string, reserved: readonly string[]): string {
  const path = posix.normalize(name.replaceAll('\\', '/'));
  if (path.startsWith('/') || path.startsWith('../') || reserved.includes(path)) {
    throw InputError.at(
      { file: name },
      `expected a file below the configuration, with another name than ${reserved.join(' and ')}`,
    );
  }
  return path;
}
