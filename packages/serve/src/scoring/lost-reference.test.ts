import { expect, it } from 'vitest';
import { answer, closeServers, document, messages, post, start } from '../http/server.testing.js';

it('tells once of a field that looks like the reference, on every wire whose sender cannot mend a line', async () => {
  const { url, notices } = await start({ meant: new Set(['expected']) });
  const said = { role: 'assistant', content: answer(5) };
  const nova = (fields: object) => [{ id: 'a', messages: [...messages, said], document, ...fields }];
  for (const fields of [
    { reference_answer: 'x', answer: 'y' },
    { expected: 'meant' },
    { ground_truth: 'x' },
    { ground_truth: 'y' },
  ])
    expect(await post(`${url}/`, nova(fields))).toMatchObject({ status: 200 });
  const slime = {
    prompt: messages,
    response: answer(5),
    label: { metadata: { document, ground_truth: 'x' } },
  };
  expect(await post(`${url}/slime`, slime)).toMatchObject({ status: 200 });
  expect(notices).toEqual([
    { kind: 'lost-reference', id: 'a', detail: expect.stringContaining('wire nova') },
    { kind: 'lost-reference', id: expect.any(String), detail: expect.stringContaining('"ground_truth"') },
  ]);
  await closeServers();
});
