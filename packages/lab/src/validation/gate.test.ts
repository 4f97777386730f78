import { easedText, GateError, InputError } from '@touchstone/spec';
import { expect, test } from 'vitest';

import type { Finding } from './finding.js';
import { applyGate, assertGatePassed, gateSchema } from './gate.js';
import { named } from './validate-judge.testing.js';

test('the gate holds bounds, not means, and only a reason opens it', () => {
  const found = (
    name: string,
    [mean, low, high, n]: [number, number, number, number],
    more: Partial<Finding> = {},
  ) => ({ name, family: 'test', description: '', estimate: { mean, low, high, n }, ...more });
  const findings = [
    found('wide', [0.8, 0.55, 0.95, 120], { gate: { min: 0.6 } }),
    found('wrong', [0.5, 0.45, 0.55, 120], { gate: { min: 0.6 } }),
    found('few', [1, 1, 1, 2], { gate: { min: 0.6 } }),
    found('few and wrong', [0, 0, 0.5, 2], { gate: { min: 0.6 } }),
    found('enough', [1, 1, 1, 2], { gate: { min: 0.6 }, least: 2 }),
    found('right', [0.05, 0, 0.09, 120], { gate: { max: 0.1 } }),
    { ...found('none', [0, 0, 0, 0], { gate: { min: 0.5 } }), estimate: null },
    { ...found('not here', [0, 0, 0, 0], { gate: { min: 0.5 } }), estimate: null, absent: 'no such thing' },
    found('free', [0.9, 0.8, 1, 120]),
  ];
  const missing = 'insufficient-data';
  const result = applyGate(findings, {});
  expect(result.findings.map(({ outcome }) => outcome)).toEqual([
    missing,
    'fail',
    missing,
    'fail',
    'pass',
    'pass',
    missing,
    missing,
    'reported',
  ]);
  // (0.25 / 0.2)² times as many.
  expect(named(result.findings, 'wide').note).toMatch(/about 68 more/);
  expect(named(result.findings, 'few').note).toMatch(/28 more/);
  expect(named(result.findings, 'not here')).toMatchObject({ threshold: null, note: 'no such thing' });
  expect(result.gate).toBe('failed');
  expect(() => assertGatePassed(result)).toThrow(GateError);
  // What failed is named, and the rest is counted.
  expect(() => assertGatePassed(result)).toThrow(
    /^[^\n]* 2 of 7 gated findings failed\.\n  wrong: [^\n]*\n  few and wrong: [^\n]*\n  3 further: [^\n]*\n.* touchstone run … --override-gate "REASON"\.$/,
  );
  expect(assertGatePassed(result, { override: 'a pilot' })).toBe('a pilot');
  expect(() => assertGatePassed(result, { noGate: 'a pilot' })).toThrow(GateError);
  expect(() => assertGatePassed(result, { override: ' ' })).toThrow(InputError);

  const own = { wide: { min: 0.5 }, wrong: 'off', few: 'off', 'few and wrong': 'off', none: 'off' } as const;
  expect(applyGate(findings, own).gate).toBe('passed');
  expect(assertGatePassed(applyGate(findings, own), { override: 'not needed' })).toBeNull();
  expect(applyGate(findings, { ...own, 'not here': { min: 0 } }).gate).toBe('insufficient-data');
  // Where nothing failed, what is too little known is named.
  const little = applyGate(findings, { wrong: 'off', 'few and wrong': 'off' });
  expect(() => assertGatePassed(little)).toThrow(
    /3 of 5 gated findings did not pass\.\n  wide: insufficient data: 0.800 \[0.550, 0.950\], n = 120; expected the lower end at least 0.6/,
  );
  // Whoever passes by asking less, it is said of which findings.
  expect(easedText(result.findings)).toBeNull();
  expect(easedText(applyGate(findings, { ...own, enough: { min: 0.9 } }).findings)).toBe(
    'The configuration asks less than the default gate: wide (0.5, by default at least 0.6), ' +
      'wrong (off, by default at least 0.6), few (off, by default at least 0.6), ' +
      'few and wrong (off, by default at least 0.6), none (off, by default at least 0.5).',
  );
  const off = applyGate(findings, 'off');
  expect(off.gate).toBe('not-set');
  expect(() => assertGatePassed(off, { override: 'a pilot' })).toThrow(/--no-gate/);
  expect(assertGatePassed(off, { noGate: 'a pilot' })).toBe('a pilot');
  for (const bad of [
    { x: {} },
    { x: { min: 1, max: 2 } },
    { x: { min: '1' } },
    { x: 1 },
    { x: 'on' },
    'on',
  ]) {
    expect(gateSchema.safeParse(bad).success).toBe(false);
  }
});
