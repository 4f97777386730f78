// Links in the repository's Markdown to files of its own: `node scripts/links.mjs`. Prints those that lead nowhere, and paths
// in code spans that begin with a folder of the repository and name nothing. Exits with 1 when there is one.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const files = listed.split('\n').filter((file) => file !== '' && existsSync(join(ROOT, file)));

const LINK = /\]\((?!\w+:|#)([^)\s#]+)/g;
/** Recipes have NAME where a name goes. */
const PATH = /`((?:packages|examples|docs|bench|scripts)\/(?!\S*NAME)[\w./-]*[\w/])`/g;

let seen = 0;
const problems = files.flatMap((file) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const places = [
    ...[...text.matchAll(LINK)].map(([, link]) => [link, join(ROOT, dirname(file), link)]),
    ...[...text.matchAll(PATH)].map(([, path]) => [path, join(ROOT, path)]),
  ];
  seen += places.length;
  return places.filter(([, path]) => !existsSync(path)).map(([link]) => `${file}: ${link} does not exist`);
});
// A check that has looked at nothing also finds nothing.
if (seen < 20) problems.push(`saw ${seen} links, expected 20 or more`);
console.log(`${seen} links and paths in ${files.length} files`);
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
