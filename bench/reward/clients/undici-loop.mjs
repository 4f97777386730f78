/**
 * The least that the same work costs: the very body that Touchstone sends, built from the sample's document and answer,
 * and the reply parsed, over undici. No retries, no idempotency, no check of the reply. With `callsPerSecond` it keeps to
 * that rate, else to a number of calls at once.
 */
import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { PLACES } from '../capture-request.mjs';
import { readJob, work } from './job.mjs';

const job = readJob();
const agent = new Agent({ headersTimeout: job.timeoutSeconds * 1000 });
const { messages, ...rest } = JSON.parse(job.request);

async function judge({ document, response }) {
  const { statusCode, body } = await request(`${job.url}/v1/chat/completions`, {
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
  if (statusCode !== 200) throw Object.assign(new Error('refused'), { code: statusCode });
  const { verdicts } = JSON.parse(completion.choices[0].message.content);
  return verdicts.reduce((sum, { score }) => sum + Number(score), 0) / verdicts.length;
}

async function judgeAll(samples, onDone) {
  const left = samples.values();
  const worker = async () => {
    for (const sample of left) onDone(sample.id, await judge(sample));
  };
  await Promise.all(Array.from({ length: job.concurrency }, worker));
}

/** A call that fails is a sample without a score. */
async function judgeAtRate(samples, onDone) {
  const started = [];
  for (const sample of samples) {
    started.push(
      judge(sample).then(
        (score) => onDone(sample.id, score),
        (error) => onDone(sample.id, null, `${error.code ?? error.name}`),
      ),
    );
    await setTimeout(1000 / job.callsPerSecond);
  }
  await Promise.all(started);
}

await work(job, job.callsPerSecond === undefined ? judgeAll : judgeAtRate);
await agent.close();
