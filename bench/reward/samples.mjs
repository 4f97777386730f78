import { random } from '@touchstone/spec';

/**
 * The work: contracts of 16–32 kB, or of `length` characters, each with `perContract` findings about it. A finding quotes the contract (half of them
 * with one word changed) and proposes an edit (half of them), so that a judge's two criteria have an answer that can be checked.
 *
 * @returns {{ id: string, document: string, response: string, truth: { grounded: boolean, actionable: boolean } }[]} those about one contract in a row.
 */
export function makeSamples(count, seed, length, perContract = 1) {
  const samples = [];
  while (samples.length < count) {
    const draw = random(seed, 'sample', samples.length);
    const clauses = writeClauses(draw, (length ?? 16_000 + draw.integer(16_000)) - AROUND);
    const document = clauses.join('\n');
    for (let i = 0; i < perContract && samples.length < count; i++) {
      const id = `s-${String(samples.length).padStart(6, '0')}`;
      samples.push({ id, document, ...writeFinding(draw, id, clauses) });
    }
  }
  return samples;
}

/** The score that both criteria give, 0–1. */
export function expectedScore({ grounded, actionable }) {
  return (Number(grounded) + Number(actionable)) / 2;
}

/** Characters of a prompt besides its document, roughly. */
const AROUND = 1800;

function writeClauses(draw, length) {
  const clauses = [];
  for (let size = 0, n = 1; size < length; n++) {
    const clause = writeClause(draw, n);
    clauses.push(clause);
    size += clause.length + 1;
  }
  return clauses;
}

function writeFinding(draw, id, clauses) {
  const quoted = draw.pick(clauses).split(' ').slice(1, 15);
  const grounded = draw.next() < 0.5;
  if (!grounded) quoted[draw.integer(quoted.length)] = 'notwithstandingly';
  const actionable = draw.next() < 0.5;
  const response =
    `Finding ${id}. Quote: "${quoted.join(' ')}". This leaves one party exposed. ` +
    (actionable
      ? 'Proposed edit: limit it to direct damage and to twelve months.'
      : 'It may be worth another look.');
  return { response, truth: { grounded, actionable } };
}

const WHO = 'the Supplier|the Customer|each Party|the Licensee|the Receiving Party|an Affiliate'.split('|');
const MUST = 'shall|shall not|may|may not without prior written consent|undertakes to'.split('|');
const DO =
  'disclose Confidential Information to any third party|assign its rights under this Agreement|indemnify and hold harmless the other Party|terminate this Agreement for convenience|withhold payment of undisputed invoices|audit the relevant records on reasonable notice|cure a material breach in the manner set out herein'.split(
    '|',
  );
const WHEN =
  'within thirty days of receipt|during the Initial Term|for a period of five years after termination|save as required by applicable law|in each case to the extent permitted|at its own cost and expense|unless otherwise agreed in writing'.split(
    '|',
  );

function writeClause(draw, n) {
  return `${n}. ${draw.pick(WHO)} ${draw.pick(MUST)} ${draw.pick(DO)} ${draw.pick(WHEN)}, and Schedule ${draw.integer(90) + 1} item ${draw.integer(900) + 1} applies ${draw.pick(WHEN)}.`;
}
