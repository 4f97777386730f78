import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulatedReward } from '@touchstone/testing';
import { openApiDocument, OPERATIONS } from './openapi.js';
import { createRewardServer } from './server.js';

const server = createRewardServer({ reward: simulatedReward(), report: () => {} });
let url: string;
beforeAll(async () => void (url = await server.listen({ host: '127.0.0.1', port: 0 })));
afterAll(() => server.close());

/** Every `$ref` in a document. */
function referencesOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = '$ref' in value && typeof value.$ref === 'string' ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(referencesOf)];
}

describe('the OpenAPI document', () => {
  it('is served, and all its references lead somewhere', async () => {
    const document = openApiDocument();
    expect(await (await fetch(`${url}/openapi.json`)).json()).toEqual(document);
    const references = referencesOf(document);
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const path = reference.replace(/^#\//, '').split('/');
      const target = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });

  it('names every path that is answered, with its method and its refusals', async () => {
    const { paths } = openApiDocument() as { paths: Record<string, Record<string, { responses: object }>> };
    expect(Object.keys(paths)).toEqual(OPERATIONS.map(({ path }) => path));
    for (const { path, method, request } of OPERATIONS) {
      const { responses } = paths[path]![method]!;
      const other = await fetch(url + path, { method: method === 'get' ? 'POST' : 'GET' });
      expect([path, other.status]).toEqual([path, 405]);
      const headers = { 'content-type': 'application/json' };
      const wrong = await fetch(url + path, {
        method: method.toUpperCase(),
        headers,
        ...(method === 'post' ? { body: '"none of this"' } : {}),
      });
      expect([path, wrong.status]).toEqual([path, request === undefined ? 200 : 400]);
      expect(Object.keys(responses)).toContain(String(wrong.status));
    }
  });
});
