import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BENCH = fileURLToPath(new URL('../gate.mjs', import.meta.url));

// The other templates are in the benchmark, contract review in `touchstone judge quickstart` too; a preference takes half a minute.
test.each(['faithfulness'])(
  'the default gate lets a good judge of the template %s pass, and stops five broken ones for what is wrong with them',
  (template) => {
    const flags = '--seeds 1 --further-seeds 0 --data balanced --tasks 60 --templates'
      .split(' ')
      .concat(template);
    const { status, stdout } = spawnSync(process.execPath, [BENCH, ...flags], { encoding: 'utf8' });
    const rows = JSON.parse(stdout).rows.filter(({ right, seeds }) => right < seeds);
    expect({ status, rows }).toEqual({ status: 0, rows: [] });
  },
  300_000,
);
