import { RunError } from '@touchstone/spec';
import { build, type BuildOptions, type Metafile } from 'esbuild';

/**
 * One minified module for Node 24 with everything that it imports.
 *
 * @throws {RunError} with what esbuild says.
 */
export async function bundled(options: BuildOptions) {
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

/** A module of others with whatever it imports. Node's own way to run TypeScript reads plain JavaScript as well. */
export async function bundleModule(path: string): Promise<Uint8Array> {
  const result = await bundled({ entryPoints: [path] });
  return result.outputFiles[0]!.contents;
}

/** Packages in a bundle with their bytes of JavaScript, largest first. */
export function packagesOf({ outputs }: Metafile): { name: string; bytes: number }[] {
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
