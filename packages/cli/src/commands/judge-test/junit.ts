import { caseNames, expectationOf, sayingOf, type CaseResult } from '@touchstone/lab';

/**
 * The results of a suite as JUnit XML, which continuous integration reads: one test case for each case, its class name the
 * kind and the first tag, an abstention an error. The text of models and of data files is in it, so whatever XML 1.0
 * cannot hold is replaced.
 *
 * @param suite the name of the suite.
 */
export function junitXml(suite: string, results: readonly CaseResult[]): string {
  const names = caseNames(results.map((result) => result.case));
  const count = (outcome: CaseResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const counts = `tests="${results.length}" failures="${count('failed')}" errors="${count('abstained')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escapeXml(suite)}" ${counts} skipped="0">`,
    ...results.map((result, i) => testCase(names[i]!, result)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(name: string, result: CaseResult): string {
  const { kind, tags = [], critical, why } = result.case;
  const className = ['regression', kind, ...tags.slice(0, 1)].join('.');
  const open = `    <testcase classname="${escapeXml(className)}" name="${escapeXml(name)}"`;
  if (result.outcome === 'held') return `${open}/>`;
  const [element, what] = result.outcome === 'failed' ? ['failure', 'failed'] : ['error', 'abstained'];
  const [expected, got] = [expectationOf(result.case), sayingOf(result)];
  const text = [
    `expected: ${expected}`,
    `got: ${got}`,
    ...(why === undefined ? [] : [`why: ${why}`]),
    ...(tags.length === 0 ? [] : [`tags: ${tags.join(', ')}`]),
  ].join('\n');
  const message = `${critical === true ? 'critical: ' : ''}expected ${expected}, got ${got}`;
  return [
    `${open}>`,
    `      <${element} type="${what}" message="${escapeXml(message)}">${escapeXml(text)}</${element}>`,
    '    </testcase>',
  ].join('\n');
}

/** Everything outside the characters of XML 1.0 (its production 2), unpaired surrogates among it. */
const NOT_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu;

function escapeXml(text: string): string {
  return text
    .replaceAll(NOT_XML, '\u{FFFD}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
}
