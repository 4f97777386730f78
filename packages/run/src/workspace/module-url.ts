import { pathToFileURL } from 'node:url';

/**
 * What Node's `import` takes for a module of the user's own code. TypeScript is bundled with what it imports, so that it runs
 * alike on every version of Node; JavaScript is imported as it is.
 *
 * @param path absolute.
 */
export async function moduleUrl(path: string): Promise<string> {
  if (!/\.m?ts$/.test(path)) return pathToFileURL(path).href;
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    sourcemap: 'inline',
  });
  return `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`;
}
