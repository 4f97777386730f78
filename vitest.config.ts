import { defineConfig } from 'vitest/config';

/** A process of its own for each: they leave gigabytes of models behind, and change the functions of files for all. */
const ALONE = ['packages/run/src/faults.test.ts'];

/** They mostly wait, for a clock, a server or a limit of time: many beside each other take as long as the slowest of them. */
const WAITING = [
  'packages/cli/src/commands/reward/faults.e2e.test.ts',
  'packages/core/src/dispatch/cache/redis.test.ts',
  'packages/core/src/dispatch/limits/processes.test.ts',
  'packages/core/src/dispatch/limits/shared-rates.test.ts',
  'packages/launch/src/aws/jobs/jobs.test.ts',
];

export default defineConfig({
  ssr: { resolve: { conditions: ['touchstone-source'] } },
  resolve: { conditions: ['touchstone-source'] },
  test: {
    globalSetup: 'scripts/temporary-folder.mjs',
    testTimeout: 60_000,
    // The tests share the cores with what they start: servers, child processes and ONNX Runtime's threads.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: [
            '{packages/*,examples/quickstart}/src/**/*.test.{ts,tsx}',
            '{bench,scripts}/**/*.test.mjs',
          ],
          exclude: [...ALONE, ...WAITING],
          // A file's tests share modules with those of the files before it in its worker: loading them anew took as long as
          // many tests do. What a test changes for the whole process (variables, timers, globals) it puts back, and what a
          // helper of several files sets up, each of them asks for.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
      {
        extends: true,
        test: {
          name: 'waiting',
          include: WAITING,
          maxWorkers: 6,
          // Other numbers of workers are other groups, one after the other.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
