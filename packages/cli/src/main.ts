#!/usr/bin/env node
import { EXIT } from '@touchstone/spec';
import { describeFailure } from './terminal/errors.js';
import { runCli } from './program.js';

/** What Node ends with when it waits for a result that can no longer come. */
const NOTHING_LEFT = 13;

let isDone = false;
// Code of the user's own may end the process, or leave nothing to wait for: that is no success.
process.on('exit', (code) => {
  if (isDone || (code !== 0 && code !== NOTHING_LEFT)) return;
  process.stderr.write('error: the process was ended from within before there was a result\n');
  process.exitCode = EXIT.failed;
});

// A reader that has enough, such as `head`, closes the pipe: no reason to complain.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  isDone = true;
  process.exit(0);
});

process.on('uncaughtException', (error) => {
  const failure = describeFailure(error, process.env['TOUCHSTONE_DEBUG'] === '1');
  process.stderr.write(failure.text);
  process.exit(failure.exitCode);
});

const exitCode = await runCli(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  // Opened by who reads it.
  get in() {
    return process.stdin;
  },
  env: process.env,
});
isDone = true;
process.exitCode = exitCode;
