#!/usr/bin/env node
import { describeFailure } from './terminal/errors.js';
import { runCli } from './program.js';

// A reader that has enough, such as `head`, closes the pipe: no reason to complain.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.on('uncaughtException', (error) => {
  const failure = describeFailure(error, process.env['TOUCHSTONE_DEBUG'] === '1');
  process.stderr.write(failure.text);
  process.exit(failure.exitCode);
});

process.exitCode = await runCli(process.argv.slice(2), {
  out: process.stdout,
  err: process.stderr,
  env: process.env,
});
