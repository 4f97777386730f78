import { formatTable } from '../shared/figures.mjs';

/** The figures as tables for people. */
export function printReport({ machine, setup, bundles, functions, imports, skipped }) {
  const range = ({ median, min, max }) => (median === null ? '-' : `${median} (${min} to ${max})`);
  const kb = (bytes) => `${Math.round(bytes / 1000)} kB`;
  return [
    `Provider: SIMULATOR; ${setup.samples} samples of 32 kB, ${setup.concurrency} calls at once, ${setup.rounds} rounds; ` +
      `${machine.cpu}, ${machine.cores} cores, load ${machine.load_at_start}, function on Node ${machine.lambda_node}`,
    '',
    formatTable(
      ['bundle', 'zip', 'code', 'largest packages'],
      Object.entries(bundles).map(([name, { zip_bytes, code_bytes, packages }]) => [
        name,
        kb(zip_bytes),
        kb(code_bytes),
        packages
          .slice(0, 8)
          .map((one) => `${one.name} ${kb(one.bytes)}`)
          .join(', '),
      ]),
    ),
    'Median (lowest to highest):',
    formatTable(
      [
        'function',
        'entries',
        'right',
        'import + first CPU ms',
        'event CPU ms',
        'event s',
        'peak RSS MB',
        'group MB',
        'killed',
      ],
      Object.entries(functions).map(([name, f]) => [
        name,
        f.entries.median,
        f.right.median,
        range(f.import_and_first_cpu_ms),
        range(f.event_cpu_ms),
        range(f.event_seconds),
        range(f.peak_rss_mb),
        range(f.control_group_peak_mb),
        f.killed_by_limit,
      ]),
    ),
    `Memory limit: ${Object.values(functions)[0].limit}`,
    '',
    formatTable(
      ['import of', 'bytes', 'CPU ms', 'RSS MB'],
      Object.entries(imports).map(([name, one]) => [
        name,
        kb(one.bytes),
        range(one.cpu_ms),
        range(one.rss_mb),
      ]),
    ),
    ...Object.entries(skipped).map(([name, why]) => `skipped: ${name}: ${why}\n`),
  ].join('\n');
}
