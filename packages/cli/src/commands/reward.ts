import type { Command } from 'commander';
import type { Io } from '../io.js';
import { registerBundle } from './reward/bundle.js';
import { registerInvoke } from './reward/invoke.js';
import { registerScore } from './reward/score.js';
import { registerServe } from './reward/serve.js';
import { registerShim } from './reward/shim.js';

/** Each adds one subcommand; help lists them in this order. */
const SUBCOMMANDS: readonly ((reward: Command, io: Io) => void)[] = [
  registerScore,
  registerInvoke,
  registerServe,
  registerShim,
  registerBundle,
];

/** `touchstone reward ...` */
export function registerReward(program: Command, io: Io): void {
  const reward = program
    .command('reward')
    .description('the reward function: score answers, or serve it to a trainer');
  for (const register of SUBCOMMANDS) register(reward, io);
}
