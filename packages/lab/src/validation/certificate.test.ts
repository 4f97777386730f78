import { generateKeyPairSync } from 'node:crypto';
import { InputError } from '@touchstone/spec';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  type Certificate,
  certificateProblem,
  certificateText,
  issueCertificate,
  readCertificate,
} from './certificate.js';

const keys = (type: 'ed25519' | 'x25519' = 'ed25519') => {
  const pair = generateKeyPairSync(type as 'ed25519');
  return {
    privateKey: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    publicKey: pair.publicKey.export({ format: 'pem', type: 'spki' }) as string,
  };
};
const [ours, theirs] = [keys(), keys()];

const WHOLE = { after_thinking: false, inside_fence: false, repaired: false };

const issue = (
  key?: string,
  gate: Certificate['gate'] = 'passed',
  part: Certificate['part'] = 'test',
): Certificate =>
  issueCertificate(
    {
      version: 1,
      judge: { id: 'openai:judge', fingerprint: 'f'.repeat(16) },
      heldout: null,
      answer: WHOLE,
      gate,
      findings: [
        {
          name: 'order_accuracy',
          family: 'order',
          description: 'd',
          estimate: { mean: 0.9, low: 0.8, high: 0.95, n: 40 },
          threshold: { bound: 'min', value: 0.6 },
          outcome: 'pass',
          note: null,
          eased_from: null,
        },
      ],
      data: { 'labelled.jsonl': { sha256: 'a'.repeat(64), lines: 120 } },
      part,
      looks: 1,
      seed: 1,
      created: '2026-01-01T00:00:00.000Z',
      versions: { touchstone: '1' },
    },
    key,
  );
const judge = { fingerprint: 'f'.repeat(16), answer: WHOLE };
const read = (value: unknown): Certificate => readCertificate(JSON.stringify(value), 'certificate.json');

test('a certificate speaks for the judge that it is of, and for no other', () => {
  const certificate = readCertificate(certificateText(issue()), 'certificate.json');
  expect(certificateProblem(certificate, judge)).toBeNull();
  expect(certificateProblem(certificate, { ...judge, fingerprint: 'e'.repeat(16) })).toMatch(
    /has changed since/,
  );
  expect(certificateProblem(issue(undefined, 'insufficient-data'), judge)).toMatch(/gate/);
  expect(certificateProblem(issue(undefined, 'passed', 'dev'), judge)).toMatch(/written with/);
});

test('a certificate does not speak for a judge that is shown another part of a response', () => {
  for (const name of ['after_thinking', 'inside_fence', 'repaired'] as const) {
    const problem = certificateProblem(issue(), { ...judge, answer: { ...WHOLE, [name]: true } });
    expect(problem).toContain(`read with ${name}: false, and is shown answers read with ${name}: true`);
  }
});

test('whatever is changed in it is noticed, but the order of its keys', () => {
  const certificate = issue(ours.privateKey);
  const leaves: string[][] = [];
  const walk = (value: unknown, path: string[]): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [key, one] of Object.entries(value)) walk(one, [...path, key]);
    } else leaves.push(path);
  };
  walk(certificate, []);
  fc.assert(
    fc.property(fc.constantFrom(...leaves), fc.jsonValue(), (path, other) => {
      const copy = structuredClone(certificate) as unknown;
      const parent = path
        .slice(0, -1)
        .reduce((at, key) => (at as Record<string, unknown>)[key], copy) as Record<string, unknown>;
      const last = path.at(-1)!;
      if (JSON.stringify(parent[last]) === JSON.stringify(other)) return;
      parent[last] = other;
      expect(() => read(copy)).toThrow(InputError);
    }),
  );
  const turned = Object.fromEntries(Object.entries(certificate).toReversed());
  expect(read(turned)).toEqual(certificate);
  expect(() => read({ ...certificate, more: 1 })).toThrow(InputError);
  expect(() => readCertificate('{', 'certificate.json')).toThrow(/^certificate\.json: .*touchstone judge/);
});

test('a signature says who issued it: not another, not nobody, and not with their own public key', () => {
  const asked = (certificate: Certificate) => certificateProblem(certificate, judge, ours.publicKey);
  expect(asked(read(issue(ours.privateKey)))).toBeNull();
  expect(asked(issue())).toMatch(/not signed/);
  expect(asked(read(issue(theirs.privateKey)))).toMatch(/another key/);
  const { publicKey } = issue(ours.privateKey).signature!;
  const forged = issue(theirs.privateKey);
  expect(() => read({ ...forged, signature: { ...forged.signature, publicKey } })).toThrow(/signature/);
  // Without a key that must have signed, a broken signature is still no signature.
  expect(() => read({ ...issue(), signature: { publicKey: 'AAAA', value: 'AAAA' } })).toThrow(/signature/);
});

test('what is no Ed25519 key is refused without a word of it', () => {
  for (const bad of ['secret words', keys('x25519').privateKey]) {
    expect(() => issue(bad)).toThrow(/Ed25519 key as PEM/);
    expect(() => issue(bad)).not.toThrow(/secret/);
  }
});
