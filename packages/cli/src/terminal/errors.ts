import { EXIT, InputError, TouchstoneError } from '@touchstone/spec';
import type { ExitCode } from '@touchstone/spec';
import { printable } from './text.js';

/** What a failed command says, and the exit code it ends with. */
export interface Failure {
  /** For people: one clear message, several lines when there are several problems. */
  text: string;
  /** The same for programs. */
  json: object;
  exitCode: ExitCode;
}

/**
 * Puts an error into words. Errors a user can meet speak for themselves; anything else is a fault of ours.
 *
 * @param debug also show the stack and the causes.
 */
export function describeFailure(error: unknown, debug: boolean): Failure {
  const known = TouchstoneError.is(error);
  const message = error instanceof Error ? error.message || error.name : String(error);
  const exitCode = known ? error.exitCode : EXIT.failed;
  // The operating system said no (disk full, no permission): not a fault of ours either.
  const system = error instanceof Error && 'syscall' in error;
  const lines =
    known || system
      ? [error instanceof InputError && error.problems.length > 1 ? several(error) : `error: ${message}`]
      : [
          `internal error: ${message}`,
          'This is a fault in Touchstone, not in what you gave it. Set TOUCHSTONE_DEBUG=1 to see where it happened.',
        ];
  const shown = debug ? [...lines, ...stacks(error)] : lines;
  return {
    text: `${printable(shown.join('\n'))}\n`,
    json: {
      error: {
        kind: known ? error.name : system ? 'SystemError' : 'InternalError',
        message,
        exit_code: exitCode,
        ...(error instanceof InputError ? { problems: error.problems.map(flat) } : {}),
      },
    },
    exitCode,
  };
}

const several = ({ problems, message }: InputError): string =>
  `error: ${problems.length} problems\n${message}`;

const flat = ({ place, message }: InputError['problems'][number]): object => ({ ...place, message });

function stacks(error: unknown): string[] {
  const found: string[] = [];
  for (let at = error; at instanceof Error && found.length < 10; at = at.cause) {
    found.push(`${found.length > 0 ? 'caused by: ' : ''}${at.stack ?? at.message}`);
  }
  return found;
}
