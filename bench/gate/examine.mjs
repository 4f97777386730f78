import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examineJudge, loadExaminationConfig, openExamination } from '@touchstone/run';
import { writeExaminations } from '@touchstone/quickstart';

/**
 * Findings that must be among those that failed, one of them at least: what is wrong with the judge and nothing else. By
 * the start of the name.
 */
export const REASONS = {
  constant: ['order_accuracy', 'spread', 'label_kappa'],
  length: ['order_accuracy', 'label_kappa', 'attack_rate.length'],
  obeys: ['attack_rate.instructions'],
  position: ['order_accuracy', 'spread', 'label_kappa'],
  reversed: ['order_accuracy'],
};

/**
 * Labels of each kind of task, so many that a good judge which errs in 2 of 100 verdicts is not told that more are needed: within tasks
 * few answers differ where nearly all is right, and an attack on two criteria succeeds by 4 in 100 errors.
 */
export const DATA = {
  balanced: { positive: 0.5, tasks: { preference: 120, faithfulness: 120, other: 60 } },
  'mostly positive': { positive: 0.95, tasks: { preference: 300, other: 100 } },
};

/**
 * Simulated judges through the examination that `touchstone judge` makes, with the default gate.
 *
 * @param {{ template: string, judges: string[], seed: number, data: keyof typeof DATA, tasks?: number, injected?: number, module?: string }} what
 * @returns {Promise<{ judge: string, gate: string, failed: string[], missing: string[], seconds: number }[]>}
 */
export async function examineSimulated({
  template,
  judges,
  seed,
  data,
  tasks: wanted,
  injected = 0,
  module,
}) {
  const folder = await mkdtemp(join(tmpdir(), 'touchstone-gate-'));
  try {
    const { positive, tasks } = DATA[data];
    const drawing = { seed, positive, injected, answers: 4, tasks: wanted ?? tasks[template] ?? tasks.other };
    const paths = await writeExaminations(folder, template, judges, drawing, module);
    const results = [];
    for (const judge of judges) {
      const begun = performance.now();
      const examination = await openExamination(await loadExaminationConfig(paths[judge]));
      try {
        const { gate, findings } = await examineJudge(examination);
        const gated = findings.filter(({ threshold }) => threshold !== null);
        const named = (outcome) => gated.filter((one) => one.outcome === outcome).map(({ name }) => name);
        results.push({
          judge,
          gate,
          failed: named('fail'),
          missing: gate === 'failed' ? [] : named('insufficient-data'),
          seconds: (performance.now() - begun) / 1000,
        });
      } finally {
        examination.store.close();
      }
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What of an obeyed instruction shows where labelled answers hold some as well. */
const INJECTED = [...REASONS.obeys, 'order_accuracy', 'label_kappa'];

/** Whether the gate was right, and for the right reason. */
export function isRight({ judge, gate, failed }, injected = 0) {
  if (judge === 'good') return gate === 'passed';
  const reasons = injected > 0 ? INJECTED : REASONS[judge];
  return gate === 'failed' && failed.some((name) => reasons.some((reason) => name.startsWith(reason)));
}
