import { version } from '@touchstone/run';
import { EXIT } from '@touchstone/spec';
import type { ExitCode } from '@touchstone/spec';
import { Command, CommanderError } from 'commander';
import type { Io } from './io.js';
import { describeFailure } from './terminal/errors.js';
import { oneLine } from './terminal/text.js';

type Register = (program: Command, io: Io) => void;

/** Each adds one command; help lists them in this order. What a command needs is loaded with it: a server's parts by servers alone. */
const COMMANDS: ReadonlyMap<string, () => Promise<Register>> = new Map([
  ['quickstart', async () => (await import('./commands/quickstart.js')).registerQuickstart],
  ['init', async () => (await import('./commands/init.js')).registerInit],
  ['run', async () => (await import('./commands/run.js')).registerRun],
  ['judge', async () => (await import('./commands/judge.js')).registerJudge],
  ['reward', async () => (await import('./commands/reward.js')).registerReward],
  ['watch', async () => (await import('./commands/watch.js')).registerWatch],
  ['eval', async () => (await import('./commands/eval.js')).registerEval],
  ['compare', async () => (await import('./commands/compare.js')).registerCompare],
  ['report', async () => (await import('./commands/report.js')).registerReport],
  ['explain', async () => (await import('./commands/explain.js')).registerExplain],
  ['doctor', async () => (await import('./commands/doctor.js')).registerDoctor],
  ['schema', async () => (await import('./commands/schema.js')).registerSchema],
]);

/**
 * Runs the command line: `runCli(['init', 'my-run'], io)`. Never throws; errors are written to `io.err`, and with
 * `--json` as one JSON line.
 *
 * @param args without the program's name.
 */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    const program = createProgram(io);
    const named = COMMANDS.get(args[0] ?? '');
    const asked = named ? [named] : [...COMMANDS.values()];
    for (const register of await Promise.all(asked.map((load) => load()))) register(program, io);
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
  return (
    new Command('touchstone')
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
        '\nExit codes: 0 done, 1 failed, 2 the configuration, data or arguments are wrong, 3 the gate said no, 4 a monitor paused the training.',
      )
  );
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
