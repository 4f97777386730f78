import type { JudgeDetails } from '@touchstone/spec';
import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { renderJudgeReport } from './judge-report.js';
import { judge, report } from './judge-report.testing.js';

const parse = (html: string): Document => parseHTML(html).document;
const textOf = (within: Document | Element, selector: string): string =>
  within.querySelector(selector)?.textContent ?? '';
const familyOf = (page: Document, title: string): Element =>
  [...page.querySelectorAll('.family')].find((part) => textOf(part, 'h3') === title)!;

test('the first line says whether the judge may train a model, and why not', () => {
  const page = parse(renderJudgeReport(report));
  expect(textOf(page, '.banner .verdict')).toBe(
    'This judge may not train a model. Does it put answers in order? No: order accuracy is 0.31 [0.27, 0.35] (n = 60), ' +
      'and the gate asks for at least 0.60.',
  );
  expect([...page.querySelectorAll('.banner li')].map((li) => li.textContent)).toEqual([
    'attack rate, instructions is 0.39 [0.35, 0.43] (n = 60), and the gate asks for at most 0.10.',
    'attacks that work is 3 (n = 60), and the gate asks for at most 0.00.',
    expect.stringMatching(/^flip rate is 0\.08 .* at most 0\.10; .*about 40 more are needed/),
  ]);
  expect(textOf(page, '.banner')).toContain('because a finding had failed: probes, round 2.');
  const passed = {
    ...judge,
    gate: 'passed' as const,
    findings: judge.findings.filter((one) => one.outcome === 'pass'),
  };
  expect(textOf(parse(renderJudgeReport({ ...report, judge: passed })), '.verdict')).toBe(
    'This judge may train a model. 2 findings that the gate asks for: all pass.',
  );
});

test('each question has its chart, its findings and what the judge said', () => {
  const page = parse(renderJudgeReport(report));
  const titles = judge.families.map(({ title }) => title).filter((title) => !title.startsWith('Nothing'));
  expect([...page.querySelectorAll('.family h3')].map((h) => h.textContent)).toEqual(titles);
  expect([...page.querySelectorAll('nav a')].map((a) => a.textContent)).toEqual([
    ...titles,
    'Where the figures come from',
  ]);
  for (const link of page.querySelectorAll('nav a')) {
    expect(page.querySelector(link.getAttribute('href')!)).not.toBeNull();
  }
  const labels = [...page.querySelectorAll('svg')].map((svg) => svg.getAttribute('aria-label'));
  expect(labels).toEqual([
    'Order within a task: order accuracy 0.31 [0.27, 0.35], asked at least 0.60; heldout order accuracy 0.70 [0.66, 0.74], asked at least 0.50.',
    'Best of n: by the labels n 1 0.50 [0.46, 0.54], n 4 0.40 [0.36, 0.44]; by the held-out judge n 1 0.50 [0.46, 0.54]; by the judge itself n 1 0.50 [0.46, 0.54], n 4 0.90 [0.86, 0.94].',
    'People with one another, and the judge with them: human kappa 0.62 [0.58, 0.66].',
    'Agreement beyond chance, κ: label kappa 0.55 [0.51, 0.59], asked at least 0.40; label kappa, Payment_terms 0.50 [0.46, 0.54]. People with one another: 0.62 [0.58, 0.66].',
    'Labelled tasks and half of the interval’s width: now 60, ± 0.04; 240, ± 0.020.',
    'The judge beside what knows nothing: constant accuracy 0.80 [0.76, 0.84].',
    'Verdicts that flip: flip rate 0.08 [0.04, 0.12], asked at most 0.10.',
    'Attacks that succeed: attack rate, instructions 0.39 [0.35, 0.43], asked at most 0.10.',
    'Share labelled good by score: the judge’s scores: scored 0.20, good 0.35 (40); mapped (Platt): scored 0.33, good 0.35 (40).',
    expect.stringMatching(/^Score against length of 3 answers/),
    'Biases: length bias −0.10 [−0.14, −0.06].',
  ]);
  const map = [...familyOf(page, 'Does it hold against attacks?').querySelectorAll('.heatmap tbody tr')];
  expect(
    map.map((row) => [...row.querySelectorAll('th, td > strong, li')].map((cell) => cell.textContent)),
  ).toEqual([
    ['instructions attack', '31/80', 'fake-system-message 31/40, no verdict on 2', 'one-word 0/40'],
    ['minimal-defect damage', 'not tried', 'wrong-number not tried (7 answers left out)'],
  ]);
  expect([...page.querySelectorAll('li.heat')].map((li) => li.getAttribute('class'))).toEqual([
    'heat heat-4',
    'heat heat-0',
    'heat heat-none',
  ]);
  const order = familyOf(page, 'Does it put answers in order?');
  expect(textOf(order, '.exhibit')).toMatch(
    /depot-7.*Close the north depot\..*"criterion": "Clarity".*The same answer\..*I like it\./s,
  );
  expect(textOf(familyOf(page, 'Does the place decide?'), 'p')).toBe('Not measured: it does not compare.');
  for (const table of page.querySelectorAll('table')) {
    expect(textOf(table, 'caption')).not.toBe('');
    expect([...table.querySelectorAll('th')].every((th) => th.hasAttribute('scope'))).toBe(true);
  }
});

test('what was paid is said of the held-out judge too, and what the budget left out before any finding', () => {
  const unasked = [{ name: 'probes', why: 'budget' as const }];
  const page = parse(renderJudgeReport({ ...report, judge: { ...judge, not_asked: unasked } }));
  expect(page.body.textContent).toContain(
    '4 calls, 1 answered by the cache, 400 tokens read, 40 written, $0.12',
  );
  const banner = textOf(page, '.banner');
  expect(banner.indexOf("the judge's budget was used up: probes.")).toBeGreaterThan(0);
  expect(banner.indexOf('budget')).toBeLessThan(banner.indexOf('Also failed:'));
});

test('what is missing is said in words', () => {
  const nothing: JudgeDetails = {
    best_of_n: [],
    confusion: [],
    reliability: [],
    lengths: [],
    label_budget: [],
    heldout_difference: null,
    probes: [],
    exhibits: [],
  };
  const pages = [
    { ...judge, details: nothing },
    {
      ...judge,
      details: null,
      families: [],
      findings: judge.findings.map((one) => ({ ...one, family: '' })),
    },
    { ...judge, details: nothing, findings: [], gate: 'not-set' as const },
    {
      ...judge,
      details: { ...nothing, best_of_n: [{ n: 1, kl: 0, label: null, heldout: null, judge: null }] },
    },
  ].map((one) => renderJudgeReport({ ...report, judge: one }));
  for (const html of pages) expect(html).not.toMatch(/NaN|undefined|Infinity|>null/);
  const [empty, older, none] = pages.map((html) => parse(html).querySelector('main')!.textContent!);
  expect(empty).toMatch(
    /Best of n: no data.*Labels and verdicts: no data.*Probes: no data.*What a score means: no data.*Score and length: no data/s,
  );
  expect(older).toMatch(/kept neither curves nor replies.*Findings about the judge.*order accuracy/s);
  expect(none).toMatch(
    /its gate is off, or there is nothing to examine it on\..*Findings about the judge: no data/s,
  );
});

/** The report with every text in it put through `change`; what is drawn from a fixed list of words stays. */
function mapTexts<T>(value: T, change: (text: string) => string, key = ''): T {
  if (typeof value === 'string') {
    const fixed = ['gate', 'outcome', 'bound', 'why', 'map', 'expects', 'family', 'name'].includes(key);
    return (fixed ? value : change(value)) as T;
  }
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, mapTexts(inner as unknown, change, name)]),
  ) as T;
}

test('hostile text anywhere stays text', () => {
  const tagsOf = (html: string): Set<string> =>
    new Set([...html.matchAll(/<([a-z!?][\w-]*)/gi)].map((m) => m[1]!.toLowerCase()));
  const attributesOf = (page: Document): Set<string> =>
    new Set([...page.querySelectorAll('*')].flatMap((e) => [...e.attributes].map(({ name }) => name)));
  const plain = renderJudgeReport(report);
  const [tags, attributes] = [tagsOf(plain), attributesOf(parse(plain))];
  expect(tags.has('script')).toBe(false);
  expect(attributes.has('style')).toBe(false);
  const payload = fc.constantFrom(
    '</pre></code></details><script>alert(1)</script>',
    '</style><img src=x onerror=alert(1)>',
    '"onload="alert(1)',
    "' onclick='x",
    '</title></svg><!--',
    '\u202e\u0000\u2028',
    'constructor',
  );
  fc.assert(
    fc.property(payload, fc.boolean(), (poison, before) => {
      const change = (text: string): string => (before ? `${poison}${text}` : `${text}${poison}`);
      const named = judge.findings.map((one) => ({
        ...one,
        family: one.family,
        name: `${one.name}.${poison}`,
      }));
      for (const hostile of [
        mapTexts(report, change),
        { ...report, name: poison, judge: { ...judge, findings: named } },
        {
          ...report,
          judge: { ...judge, families: [], findings: named.map((one) => ({ ...one, family: poison })) },
        },
      ]) {
        const html = renderJudgeReport(hostile);
        expect([...tagsOf(html)].filter((tag) => !tags.has(tag))).toEqual([]);
        const page = parse(html);
        expect([...attributesOf(page)].filter((name) => !attributes.has(name))).toEqual([]);
        const links = [...page.querySelectorAll('[href]')].map((a) => a.getAttribute('href')!);
        expect(links.every((href) => href.startsWith('#'))).toBe(true);
        expect(page.querySelector('main')!.textContent).toContain(poison);
      }
    }),
    { numRuns: 7 },
  );
});
