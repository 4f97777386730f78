// Lists of any length that the product spreads into a call that takes each entry as an argument: from some hundred thousand
// entries on the stack is full. `largest` and `smallest` of spec, a loop or a list of lists take their place. Exits with 1
// when there is one.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const listed = execFileSync('git', ['ls-files', 'packages/*/src/*.ts', 'packages/*/src/*.tsx'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const files = listed.split('\n').filter((file) => file !== '' && !/\.(test|testing)\.tsx?$/.test(file));
const SPREAD =
  /\b(?:Math\.(?:max|min)|fromCharCode|fromCodePoint)\(\.\.\.|\.(?:push|unshift)\([^()[\]{}]*\.\.\./;

const problems = files.flatMap((file) =>
  readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .flatMap((line, i) => (SPREAD.test(line) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
);
// A check that has looked at nothing also finds nothing.
if (files.length < 200) problems.push(`looked at ${files.length} files, expected 200 or more`);
if (!SPREAD.test('list.push(...more)')) problems.push('the check does not find what it looks for');
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
