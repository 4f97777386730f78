import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['touchstone-source'] } },
  resolve: { conditions: ['touchstone-source'] },
  test: {
    globalSetup: 'scripts/temporary-folder.mjs',
    include: ['{packages/*,examples/quickstart}/src/**/*.test.{ts,tsx}', '{bench,scripts}/**/*.test.mjs'],
    testTimeout: 60_000,
    // The tests share the cores with what they start: servers, child processes and ONNX Runtime's threads.
    maxWorkers: 2,
  },
});
