import { RunError } from '@touchstone/spec';
import type { JobStep } from './log-line.js';

/** Bedrock's file with a row for each step. */
export const METRICS_CSV = 'step_wise_training_metrics.csv';

const LAST_STEP = 10_000_000;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The steps of that file. Objects of S3 are whole or not there, so what cannot be read is an error and not a cut.
 *
 * @param uri for messages.
 * @throws {RunError} naming the row that is not one.
 */
export function stepsOfCsv(text: string, uri: string): JobStep[] {
  const [head = '', ...rows] = text
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const keys = head.split(',').map((key) => key.trim());
  const at = keys.indexOf('step_number');
  if (at < 0 || keys.includes('') || new Set(keys).size < keys.length) {
    throw new RunError(
      `${uri}: expected columns with different names, step_number among them, not "${head.slice(0, 200)}". This was written for what Bedrock writes in 2026`,
    );
  }
  const epochs = new Map<number, number | null | undefined>();
  return rows.map((row, i) => {
    const cells = row.split(',').map((cell) => cell.trim());
    const wrong = (what: string): RunError =>
      new RunError(`${uri}, row ${i + 2}: ${what}: "${row.slice(0, 200)}"`);
    if (cells.length !== keys.length) throw wrong(`expected ${keys.length} cells`);
    const step = Number(cells[at]);
    if (!/^\d+$/.test(cells[at]!) || step < 1 || step > LAST_STEP) throw wrong('step_number is no step');
    const metrics: [string, number | null][] = [];
    for (const [k, key] of keys.entries()) {
      if (k === at || cells[k] === '') continue;
      const value = numberOf(cells[k]!);
      if (value === undefined) throw wrong(`${key} is no number`);
      metrics.push([key, Number.isFinite(value) ? value : null]);
    }
    const { epoch_number: epoch } = Object.fromEntries(metrics);
    // A step that was made again is of the same pass; else each pass counts from 1, and one would stand in another's place.
    if (epochs.has(step) && epochs.get(step) !== epoch)
      throw wrong(`step_number ${step} stands in two passes over the data, which is not understood`);
    epochs.set(step, epoch);
    return { step, metrics: Object.fromEntries(metrics), seconds: null };
  });
}

function numberOf(cell: string): number | undefined {
  if (/^[+-]?nan$/i.test(cell)) return NaN;
  if (/^[+-]?inf(inity)?$/i.test(cell)) return Infinity;
  return NUMBER.test(cell) ? Number(cell) : undefined;
}
