/**
 * The least that the same work costs: the same prompts, the body built and the reply parsed, over undici. No retries, no
 * limits, no checks of the reply.
 */
import { Agent, request } from 'undici';
import { PLAIN_PROMPT } from '../rubric.mjs';
import { readJob, work } from './job.mjs';

const job = readJob();
const agent = new Agent();

async function judge({ document, response }) {
  const content = PLAIN_PROMPT.replace('{{document}}', () => document).replace('{{response}}', () => response);
  const { body } = await request(`${job.url}/v1/chat/completions`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'simulator',
      messages: [{ role: 'user', content }],
      max_tokens: job.maxTokens,
      temperature: 0,
    }),
  });
  const completion = JSON.parse(await body.text());
  const { grounded, actionable } = JSON.parse(completion.choices[0].message.content);
  return (Number(grounded) + Number(actionable)) / 2;
}

await work(job, async (samples, onDone) => {
  const left = samples.values();
  const worker = async () => {
    for (const sample of left) onDone(sample.id, await judge(sample));
  };
  await Promise.all(Array.from({ length: job.concurrency }, worker));
});
await agent.close();
