/**
 * The least that the same work costs: the very body that Touchstone sends, built from the sample's document and answer,
 * and the reply parsed, over undici. No retries, no limits, no idempotency, no check of the reply.
 */
import { Agent, request } from 'undici';
import { PLACES } from '../capture-request.mjs';
import { readJob, work } from './job.mjs';

const job = readJob();
const agent = new Agent();
const { messages, ...rest } = JSON.parse(job.request);

async function judge({ document, response }) {
  const { body } = await request(`${job.url}/v1/chat/completions`, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      ...rest,
      messages: messages.map(({ role, content }) => ({
        role,
        content: content.replace(PLACES.document, () => document).replace(PLACES.response, () => response),
      })),
    }),
  });
  const completion = JSON.parse(await body.text());
  const { verdicts } = JSON.parse(completion.choices[0].message.content);
  return verdicts.reduce((sum, { score }) => sum + Number(score), 0) / verdicts.length;
}

await work(job, async (samples, onDone) => {
  const left = samples.values();
  const worker = async () => {
    for (const sample of left) onDone(sample.id, await judge(sample));
  };
  await Promise.all(Array.from({ length: job.concurrency }, worker));
});
await agent.close();
