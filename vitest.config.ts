import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['touchstone-source'] } },
  resolve: { conditions: ['touchstone-source'] },
  test: {
    globalSetup: 'scripts/temporary-folder.mjs',
    include: ['{packages/*,examples/quickstart}/src/**/*.test.{ts,tsx}', '{bench,scripts}/**/*.test.mjs'],
    testTimeout: 60_000,
    // A file's tests share modules with those of the files before it in its worker: loading them anew took as long as many
    // tests do. What a test changes for the whole process (variables, timers, file functions) it puts back, and what a helper
    // of several files sets up, each of them asks for.
    isolate: false,
    // The tests share the cores with what they start: servers, child processes and ONNX Runtime's threads.
    maxWorkers: 2,
  },
});
