// Puts replies for ever, and prints the number of each one that has been put. Its test kills it.
import { writeSync } from 'node:fs';
import { register } from 'node:module';

register('./typescript-hooks.fixture.mjs', import.meta.url);
const { openRun } = await import('./run-store.ts');

const store = openRun(process.argv[2]);
for (let i = 0; ; i++) {
  store.put(`reply-${i}`, { text: `text ${i}`, finish: 'stop', inputTokens: i, outputTokens: 1 });
  say(`${i}\n`);
}

/** The pipe may be full while the test is slow to read it. */
function say(text) {
  for (;;) {
    try {
      return writeSync(1, text);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
