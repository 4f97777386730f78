import { systemClock } from '../clock.js';
import type { LoadedConfig } from '../config/load.js';
import type { Speed, SpeedOptions } from './speed/run-speed.js';

/**
 * Measures how fast this machine is: products of matrices and, where a configuration is given, its policy and its judges of
 * this machine, on its own data; and from that how long the run will take. It takes up to a minute, writes nothing and asks no
 * model of another machine. The trainer is loaded with it.
 *
 * @throws {InputError} the data or a model cannot be read. @throws {RunError} the judge gives too few verdicts.
 */
export async function measureSpeed(
  loaded?: LoadedConfig,
  { clock = systemClock, onEvent = () => {} }: Partial<SpeedOptions> = {},
): Promise<Speed> {
  const { measure } = await import('./speed/run-speed.js');
  return measure(loaded, { clock, onEvent });
}
