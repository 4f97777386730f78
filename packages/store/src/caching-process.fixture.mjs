// Puts a reply under each of many keys that other processes put too, and prints how many of its own it finds there.
import { register } from 'node:module';

register('./typescript-hooks.fixture.mjs', import.meta.url);
const { openReplyCache } = await import('./reply-cache.ts');

const [file, name, count] = process.argv.slice(2);
const cache = openReplyCache(file, (problem) => {
  throw new Error(problem);
});
let own = 0;
for (let i = 0; i < Number(count); i++) {
  await cache.put(`key-${i}`, { text: name, finish: 'stop', inputTokens: i, outputTokens: 1 });
  const { text, inputTokens } = await cache.get(`key-${i}`);
  if (inputTokens !== i) throw new Error(`key-${i} has the reply of key-${inputTokens}`);
  if (text === name) own++;
}
cache.close();
process.stdout.write(`${own}`);
