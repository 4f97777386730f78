import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseModelId } from './model-id.js';
import { PROVIDERS } from './table.js';

describe('the table of providers', () => {
  it.each(PROVIDERS)('has an example of $name that is one, and a name of its own', ({ name, example }) => {
    expect(parseModelId(example).provider.name).toBe(name);
    expect(PROVIDERS.filter((other) => other.name === name)).toHaveLength(1);
  });

  it.each(PROVIDERS)('names what $name loads as it is installed', ({ loads, loadsOnMachines = [] }) => {
    const require = createRequire(import.meta.url);
    for (const name of [...loads, ...loadsOnMachines]) {
      if (name.startsWith('./')) {
        const file = fileURLToPath(new URL(name.replace(/\.js$/, '.ts'), import.meta.url));
        expect(existsSync(file), name).toBe(true);
      } else {
        expect(() => require.resolve(`${name}/package.json`), name).not.toThrow();
      }
    }
  });

  it.each([
    'ai-sdk:google',
    'ai-sdk:../x#m',
    'ai-sdk:@ai-sdk/google#',
    'code:x.mjs',
    'code:x.py#m',
    'code:#m',
  ])('refuses %s, and shows how it is written', (id) => {
    expect(() => parseModelId(id)).toThrow(/expected the form of (ai-sdk|code):/);
  });

  it('splits at the first #, and leaves colons and slashes to the model', () => {
    const { provider, name } = parseModelId('ai-sdk:some-provider#org/model:free#1');
    expect(provider.needs!(name)).toEqual({ package: 'some-provider' });
    expect(parseModelId('code:../a b.ts#x').provider.needs!('../a b.ts#x')).toEqual({ module: '../a b.ts' });
  });
});
