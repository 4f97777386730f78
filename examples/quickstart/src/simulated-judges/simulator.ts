import { InputError, type LanguageModel } from '@touchstone/spec';
import { SIMULATED_JUDGES, type SimulatedJudge } from './judges.js';
import { simulatorOf, WORLDS } from './model.js';

/**
 * The simulated judges as a provider module: `model: code:.../simulator.js#contract-review/length`.
 *
 * @param name of the world and of the judge.
 * @throws {InputError} there is no such one.
 */
export function openSimulator(
  name: string,
  judges: Readonly<Record<string, SimulatedJudge>> = SIMULATED_JUDGES,
): LanguageModel {
  const [world = '', judge = ''] = name.split('/');
  if (Object.hasOwn(WORLDS, world) && Object.hasOwn(judges, judge))
    return simulatorOf(judges[judge]!, WORLDS[world as keyof typeof WORLDS]);
  const message = `expected one of ${Object.keys(WORLDS).join(', ')}, "/" and one of ${Object.keys(judges).join(', ')}; got "${name}"`;
  throw new InputError([{ message }]);
}

export default (name: string): LanguageModel => openSimulator(name);
