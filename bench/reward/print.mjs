import { formatTable } from '../shared/figures.mjs';

/** The figures as a table for people. */
export function printReport({ setup, clients, skipped, cpu, machine }) {
  const figure = (value, digits = 2) => (value === null ? '-' : value.toFixed(digits));
  const percent = (value) => (value === null ? '-' : `${(100 * value).toFixed(1)} %`);
  const rows = Object.entries(clients).map(([name, c]) => [
    name,
    c.ended.slice(0, 40),
    c.useful,
    figure(c.useful_per_second),
    percent(c.of_allowed),
    percent(c.sustained_of_allowed),
    c.lost,
    c.answered_twice,
    c.abstained,
    c.made_up,
    c.wrong,
    c.calls,
    c.rejected_429,
    c.redundant,
    percent(c.wasted_share),
    c.injected_faults,
    figure(c.cpu_ms_per_call),
    figure(c.latency_p50_s),
    figure(c.latency_p99_s),
    figure(c.peak_rss_mb, 0),
    figure(c.seconds, 0),
  ]);
  const titles =
    'client,ended,useful,useful/s,of allowed,sustained,lost,twice,abstained,made up,wrong,calls,429,redundant,wasted,faults,CPU ms/call,p50 s,p99 s,RSS MB,s';
  const { requestsPerMinute, tokensPerMinute } = setup.limits;
  return [
    `Provider: SIMULATOR (${requestsPerMinute} requests/min, ${tokensPerMinute} tokens/min, seed ${setup.seed}); ` +
      `${setup.samples} samples; ${machine.cpu}, ${machine.cores} cores, load ${machine.load_at_start}, Node ${machine.node}`,
    '',
    formatTable(titles.split(','), rows),
    inTheRun(clients),
    ...Object.entries(skipped).map(([name, why]) => `skipped: ${name}: ${why}`),
    cpu === null
      ? ''
      : `Flat out, without limit and faults, over ${cpu.touchstone_ms.n} rounds of ${cpu.calls_a_round}, processor time a call, median (lowest to highest): ` +
        `touchstone ${range(cpu.touchstone_ms)} ms, bare undici loop ${range(cpu.undici_ms)} ms, ratio ${range(cpu.ratio)}`,
    '',
  ].join('\n');
}

/** Both under the same limit and latency, where waking up for each call costs more than the work itself. */
function inTheRun({ touchstone, 'bare-undici-loop': bare }) {
  if (!touchstone?.cpu_ms_per_call || !bare?.cpu_ms_per_call) return '';
  const ratio = touchstone.cpu_ms_per_call / bare.cpu_ms_per_call;
  return `Processor time a call in this run: touchstone ${ratio.toFixed(2)} times the bare loop`;
}

function range({ median, min, max }) {
  return `${median} (${min} to ${max})`;
}
