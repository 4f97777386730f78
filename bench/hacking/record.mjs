import { existsSync, mkdirSync, writeFileSync, rmSync } from 'node:fs';
import { makeBase, trainCase } from './train.mjs';
import { CASES } from './world.mjs';
const out = '/work/out/mon-hack';
const base = existsSync(out + '/base/out/sft') ? out + '/base/out/sft' : await makeBase(out + '/base');
mkdirSync(out + '/rec', { recursive: true });
for (const seed of process.argv[2].split(',').map(Number))
  for (const [i, name] of Object.keys(CASES).entries()) {
    if (process.argv[3] && !process.argv[3].split(',').map(Number).includes(i)) continue;
    const file = `${out}/rec/${i}-${seed}.json`;
    if (existsSync(file)) continue;
    const folder = `${out}/runs/${i}-${seed}-${process.pid}`;
    const t = performance.now();
    const r = await trainCase(folder, base, name, seed, {
      steps: Number(process.argv[4] ?? 40),
      monitors: { every: 2, tasks: 64 },
    });
    writeFileSync(file, JSON.stringify({ name, seed, ...r }));
    rmSync(folder, { recursive: true });
    console.log(
      name,
      seed,
      ((performance.now() - t) / 1000).toFixed(0),
      r.truths.map((x) => x.toFixed(2)).join(' '),
      r.alarms.map((a) => `${a.monitor}@${a.step}`).join(' '),
    );
  }
