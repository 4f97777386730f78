import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { spread } from '../shared/figures.mjs';

const CORE = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../packages/core');
/** The entry that core uses, where it is not the package's main one. */
const ENTRIES = { ajv: 'ajv/dist/2020.js', tinyld: 'tinyld/light' };

/** What a bundle may be made of: the packages that core depends on, each as the statement that loads it. */
function parts() {
  const { dependencies } = JSON.parse(readFileSync(path.join(CORE, 'package.json'), 'utf8'));
  const names = Object.keys(dependencies).filter((name) => !name.startsWith('@touchstone/'));
  return [
    ['nothing', ''],
    ...names.map((name) => [name, `import * as all from '${ENTRIES[name] ?? name}'; globalThis.used = all;`]),
  ];
}

/**
 * What loading each part costs by itself, bundled and minified, in fresh processes: processor time and resident memory
 * over an empty module, and bytes.
 */
export async function measureImports({ node, folder, rounds }) {
  const figures = {};
  for (const [name, contents] of parts()) {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: CORE },
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      write: false,
      logLevel: 'silent',
    });
    const file = path.join(folder, 'part.mjs');
    writeFileSync(file, outputFiles[0].contents);
    const runs = Array.from({ length: rounds }, () => load(node, file));
    figures[name] = {
      bytes: outputFiles[0].contents.length,
      cpu_ms: spread(
        runs.map(({ cpu }) => cpu),
        1,
      ),
      rss_mb: spread(
        runs.map(({ rss }) => rss),
        1,
      ),
    };
  }
  return figures;
}

function load(node, file) {
  const script = `
    const rss = process.resourceUsage().maxRSS;
    const begin = process.cpuUsage();
    import(${JSON.stringify(file)}).then(() => {
      const { user, system } = process.cpuUsage(begin);
      console.log(JSON.stringify({ cpu: (user + system) / 1000, rss: (process.resourceUsage().maxRSS - rss) / 1024 }));
    });`;
  return JSON.parse(execFileSync(node, ['-e', script], { encoding: 'utf8' }));
}
