import { readdirSync, readFileSync } from 'node:fs';
import { Watch, monitorsSchema, MONITORS } from '@touchstone/lab';
import { CASES } from './world.mjs';
import { fallOf } from './outcome.mjs';
const every = Number(process.argv[2] ?? 2);
const over = JSON.parse(process.argv[3] ?? '{}');
const dir = process.argv[5] ?? '/work/out/mon-hack/rec/';
for (const f of readdirSync(dir).sort()) {
  const r = JSON.parse(readFileSync(dir + f));
  const w = new Watch(monitorsSchema.parse(over), { answersPerStep: 128 });
  const alarms = r.steps.flatMap((s) =>
    w.see({
      step: s.step,
      metrics:
        s.step % every === 0
          ? s.metrics
          : Object.fromEntries(
              Object.entries(s.metrics).filter(([k]) => !/^(heldout|anchor|watched)_/.test(k)),
            ),
    }),
  );
  const { fall, gain, highest } = fallOf(r.truths);
  const right = alarms.filter((a) => CASES[r.name].right.includes(a.monitor));
  const loud = alarms.filter((a) => a.action !== 'note');
  console.log(
    f,
    r.name.padEnd(30),
    'gain',
    gain.toFixed(2),
    'top@',
    highest,
    'fall@',
    fall,
    'right',
    right.map((a) => a.monitor + '@' + a.step).join(' '),
    '|',
    fall ? (right[0]?.step < fall ? 'IN TIME' : 'LATE') : '',
    '| others',
    loud
      .filter((a) => !right.includes(a))
      .map((a) => a.monitor + '@' + a.step + '=' + a.value.toFixed(2))
      .join(' '),
  );
  if (process.argv[4]) {
    console.log(r.truths.map((x) => x.toFixed(2)).join(' '));
    for (const n of process.argv[4].split(','))
      console.log(
        n,
        r.steps
          .map((s) => s.metrics[n])
          .map((x) => (x == null ? '-' : x.toFixed(2)))
          .join(' '),
      );
  }
}
