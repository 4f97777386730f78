import { defineConfig } from 'vitest/config';

/** A process of its own for each: they leave gigabytes of models behind, and change the functions of files for all. */
const ALONE = ['packages/run/src/faults.test.ts'];

export default defineConfig({
  ssr: { resolve: { conditions: ['touchstone-source'] } },
  resolve: { conditions: ['touchstone-source'] },
  test: {
    globalSetup: 'scripts/temporary-folder.mjs',
    testTimeout: 60_000,
    // Of thousands of tests with servers, processes and limits of time, one now and then loses a race on a busy machine. Those
    // that pass at the second try only are named at the end of the run (scripts/test.mjs): each of them is a fault to be found.
    retry: 1,
    // One more than the cores of continuous integration: many tests wait, for a clock, a server or a limit of time. Not many
    // more: the tests share the cores with what they start, servers, child processes and ONNX Runtime's threads.
    maxWorkers: 3,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: [
            '{packages/*,examples/quickstart}/src/**/*.test.{ts,tsx}',
            '{bench,scripts}/**/*.test.mjs',
          ],
          exclude: ALONE,
          // A file's tests share modules with those of the files before it in its worker: loading them anew took as long as
          // many tests do. What a test changes for the whole process (variables, timers, globals) it puts back, and what a
          // helper of several files sets up, each of them asks for.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'alone', include: ALONE } },
    ],
  },
});
