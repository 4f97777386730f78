import { writeExaminations } from './configuration.js';
import { SIMULATED_JUDGES } from './judges.js';

/** A judge of `touchstone judge quickstart`. */
export interface QuickstartJudge {
  name: keyof typeof SIMULATED_JUDGES;
  title: string;
  does: string;
  /** Its configuration. */
  path: string;
}

/**
 * Writes what `touchstone judge quickstart` examines: labelled reviews of contracts, and a configuration for each of six
 * judges. They are simulators: each goes by a rule. The good one comes first.
 */
export async function prepareJudges(folder: string, seed: number): Promise<QuickstartJudge[]> {
  const names = Object.keys(SIMULATED_JUDGES) as QuickstartJudge['name'][];
  const paths = await writeExaminations(folder, 'contract-review', names, {
    seed,
    tasks: 60,
    answers: 4,
    positive: 0.6,
  });
  return names.map((name) => {
    const { title, does } = SIMULATED_JUDGES[name];
    return { name, title, does, path: paths[name] };
  });
}
