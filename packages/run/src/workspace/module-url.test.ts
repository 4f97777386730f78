import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReward, rewardSchema } from '@touchstone/core';
import { afterAll, describe, expect, it } from 'vitest';
import { moduleUrl } from './module-url.js';

const folder = mkdtempSync(join(tmpdir(), 'touchstone-module-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the user's own code", () => {
  const rollout = {
    id: 'r',
    task: {
      id: 't',
      messages: [{ role: 'user' as const, content: 'q' }],
      reference: null,
      metadata: { n: 4 },
    },
    response: 'one two',
    finish: 'stop' as const,
    group: 'g',
    policy: 'p',
  };
  const scoreWith = async (module: string) => {
    const config = rewardSchema.parse({ checks: [{ type: 'code', module, weight: 1 }] });
    const [reward] = await createReward(config, null, { baseDir: folder, moduleUrl }).score([rollout]);
    return reward;
  };

  it('may be TypeScript, and import more of it', async () => {
    writeFileSync(
      join(folder, 'words.ts'),
      'export enum Mode { Words }\nexport const count = (text: string): number => text.split(" ").length;',
    );
    writeFileSync(
      join(folder, 'check.ts'),
      `import { basename } from 'node:path';
import { count } from './words.ts';
interface Rollout { task: { metadata: { n: number } }; response: string }
export default async ({ task, response }: Rollout) => ({
  score: count(response) / task.metadata.n,
  detail: basename('/of/words'),
});`,
    );
    expect(await scoreWith('./check.ts')).toMatchObject({
      status: 'scored',
      score: 0.5,
      components: [{ name: 'code', detail: 'words' }],
    });
  });

  it('says where TypeScript is wrong', async () => {
    writeFileSync(join(folder, 'broken.ts'), 'export default (');
    await expect(scoreWith('broken.ts')).rejects.toThrow(
      /broken\.ts: the module cannot be loaded: .*broken\.ts:1/s,
    );
    writeFileSync(join(folder, 'plain.mjs'), 'export default () => 1;');
    expect(await scoreWith('plain.mjs')).toMatchObject({ score: 1 });
  });
});
