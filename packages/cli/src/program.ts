import { version } from '@touchstone/run';
import { EXIT } from '@touchstone/spec';
import type { ExitCode } from '@touchstone/spec';
import { Command, CommanderError } from 'commander';
import { registerDoctor } from './commands/doctor.js';
import { registerInit } from './commands/init.js';
import { registerQuickstart } from './commands/quickstart.js';
import { registerJudge } from './commands/judge.js';
import { registerReport } from './commands/report.js';
import { registerReward } from './commands/reward.js';
import { registerRun } from './commands/run.js';
import { registerSchema } from './commands/schema.js';
import type { Io } from './io.js';
import { describeFailure } from './terminal/errors.js';
import { oneLine } from './terminal/text.js';

/** Each adds one command; help lists them in this order. */
const COMMANDS: readonly ((program: Command, io: Io) => void)[] = [
  registerQuickstart,
  registerInit,
  registerRun,
  registerJudge,
  registerReward,
  registerReport,
  registerDoctor,
  registerSchema,
];

/**
 * Runs the command line: `runCli(['init', 'my-run'], io)`. Never throws; errors are written to `io.err`, and with
 * `--json` as one JSON line.
 *
 * @param args without the program's name.
 */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  const program = createProgram(io);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return usageExit(error, io);
    const failure = describeFailure(error, io.env['TOUCHSTONE_DEBUG'] === '1');
    io.err.write(args.includes('--json') ? `${JSON.stringify(failure.json)}\n` : failure.text);
    return failure.exitCode;
  }
}

function createProgram(io: Io): Command {
  const program = new Command('touchstone')
    .description('Reinforcement fine-tuning with a language model as the judge.')
    .version(version())
    .exitOverride()
    // An option belongs to the command that it stands behind: `judge test --json` is no option of `judge`.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void io.out.write(text),
      writeErr: (text) => void io.err.write(text),
      // Errors are written once, in runCli.
      outputError: () => {},
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 the configuration, data or arguments are wrong, 3 the gate said no.',
    );
  for (const register of COMMANDS) register(program, io);
  return program;
}

/** Help and the version end well; wrong arguments are one line and exit code 2. */
function usageExit(error: CommanderError, io: Io): ExitCode {
  if (error.exitCode === 0) return EXIT.done;
  // No command at all: commander has printed the help.
  if (error.code !== 'commander.help') {
    io.err.write(
      `error: ${oneLine(error.message.replace(/^error: /, '').replace(/\.$/, ''))}; see touchstone --help\n`,
    );
  }
  return EXIT.badInput;
}
