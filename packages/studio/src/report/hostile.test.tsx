import { summarySchema } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderReport } from './report.js';
import { parse, sample, textOf } from './report.testing.js';
import { summaryJsonSchema } from './schema.js';

const ENUMS = new Set(['gate', 'outcome', 'bound', 'because', 'scored_by']);
const RECORDS = new Set(['models', 'components', 'versions', 'abstentions', 'metrics', 'intervals']);

/** The summary with every text in it, and every key of its records, put through `change`. */
function mapTexts(value: unknown, change: (text: string) => string, key = ''): unknown {
  if (typeof value === 'string') return ENUMS.has(key) ? value : change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      RECORDS.has(key) ? change(name) : name,
      mapTexts(inner, change, name),
    ]),
  );
}

test('hostile text anywhere stays text', () => {
  const tags = new Set(
    [...renderReport(sample).matchAll(/<([a-z!][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()),
  );
  const attributes = (page: Document): Set<string> =>
    new Set(
      [...page.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.name.toLowerCase())),
    );
  const known = attributes(parse(renderReport(sample)));
  const payload = fc.constantFrom(
    '<script>alert(1)</script>',
    '</style><img src=x onerror=alert(1)>',
    '"onload="alert(1)',
    "' onclick='x",
    '</pre></code></title></svg>',
    '<!--',
    ']]>',
    '&lt;b&gt;',
    '\u202e\u0000\u2028',
    '{{x}}',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(payload, { minLength: 1, maxLength: 3 }), fc.boolean(), (parts, before) => {
      const poison = parts.join('');
      const hostile = mapTexts(sample, (text) => (before ? `${poison}${text}` : `${text}${poison}`));
      const html = renderReport(summarySchema.parse(hostile));
      const found = new Set([...html.matchAll(/<([a-z!?][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()));
      expect([...found].filter((tag) => !tags.has(tag))).toEqual([]);
      const page = parse(html);
      expect([...attributes(page)].filter((name) => !known.has(name))).toEqual([]);
      expect(page.querySelectorAll('script, img, iframe, link').length).toBe(0);
      expect([...page.querySelectorAll('[href]')].every((a) => a.getAttribute('href')!.startsWith('#'))).toBe(
        true,
      );
      expect(textOf(page, 'h1')).toContain(poison);
    }),
    { numRuns: 25 },
  );
});

test('the published schema names every part of the summary', () => {
  const schema = summaryJsonSchema();
  expect(schema).toMatchObject({
    $id: 'https://touchstone.dev/schema/summary.json',
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    additionalProperties: false,
  });
  expect(schema['required']).toEqual(Object.keys(sample));
});
