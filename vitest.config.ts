import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['touchstone-source'] } },
  resolve: { conditions: ['touchstone-source'] },
  test: {
    include: ['packages/*/src/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
  },
});
