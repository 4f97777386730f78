import assert from 'node:assert/strict';
import { openModel } from '../index.js';

const model = await openModel({ model: 'parrot:polly', structured_output: 'prompt' });
const messages = [{ role: 'user' as const, content: 'Hello.' }];
const reply = await model.generate({ messages, maxOutputTokens: 8, temperature: 0, seed: 1 });
assert.equal(reply.text, 'Hello.');
await assert.rejects(openModel({ model: 'parot:polly', structured_output: 'prompt' }), /parrot:polly/);
