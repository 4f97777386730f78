import type { RunSpeed, Speed } from '@touchstone/run';
import { renderTable } from '../../terminal/table.js';
import { duration } from '../../terminal/text.js';

const RIGHT = { align: 'right' as const };
type Measured = RunSpeed['decoding']['tokensPerSecond'];

/** What was measured, and how long the run will take. */
export function speedText({ machine, run, peakMemoryBytes }: Speed): string {
  const { processor, cores, memoryBytes, products, peakGigaflopsPerSecond: peak } = machine;
  const rows = [
    ...products.map(({ rows, inner, columns, gigaflopsPerSecond }) =>
      row(`float32 product ${rows} × ${inner} × ${columns}, GFLOP/s`, gigaflopsPerSecond),
    ),
    ...(run ? rowsOf(run) : []),
  ];
  const table = renderTable(
    [{ title: 'measured' }, ...['median', 'lowest', 'highest', 'n'].map((title) => ({ title, ...RIGHT }))],
    rows,
  );
  return (
    `${processor}, ${cores} cores, ${gibibytes(memoryBytes)} of memory: ${figure(peak)} GFLOP/s at best. ` +
    `This process took ${gibibytes(peakMemoryBytes)} at most.\n\n${table}${run ? predictionText(run) : ''}`
  );
}

function rowsOf({ decoding, training, judges }: RunSpeed): string[][] {
  const { answers, maxTokens } = decoding;
  const { shareOfPeak, secondsForReference } = training;
  const percent = { n: shareOfPeak.n, ...scaled(shareOfPeak, 100) };
  return [
    row(`decoding ${answers} answers of at most ${maxTokens} tokens, tokens/s`, decoding.tokensPerSecond),
    row(`gradient of ${training.tokens} tokens, tokens/s`, training.tokensPerSecond),
    row('share of the best product, at 6 operations a weight and token, %', percent),
    row('optimiser, s', training.secondsPerUpdate),
    ...(secondsForReference.max > 0.001 ? [row('reference policy, s', secondsForReference)] : []),
    ...judges.flatMap(({ role, measured }) =>
      measured ? [row(`${role}: ${measured.calls} calls, calls/s`, measured.callsPerSecond)] : [],
    ),
  ];
}

function predictionText({ prediction: { parts, seconds }, notes }: RunSpeed): string {
  const range = (name: string, { low, high }: typeof seconds): string[] => [
    name,
    duration(low * 1000),
    duration(high * 1000),
  ];
  const table = renderTable(
    [{ title: 'the run will take' }, { title: 'from', ...RIGHT }, { title: 'to', ...RIGHT }],
    [...parts.map((part) => range(part.name, part.seconds)), range('all of it', seconds)],
  );
  return `\n${table}${notes.map((note) => `${note}\n`).join('')}`;
}

const row = (name: string, { median, min, max, n }: Measured): string[] => [
  name,
  ...[median, min, max].map(figure),
  String(n),
];

const scaled = ({ median, min, max }: Measured, by: number) => ({
  median: median * by,
  min: min * by,
  max: max * by,
});

/** Three digits: the machine is not steadier than that. */
const figure = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: 3, useGrouping: true });

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
