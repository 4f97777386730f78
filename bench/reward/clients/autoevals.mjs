/** autoevals' classifier as the judge: one of three named choices, with the reasons first. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PLAIN_PROMPT } from '../rubric.mjs';
import { readJob, work } from './job.mjs';

const job = readJob();
const { resolve } = createRequire(path.join(job.peers, 'package.json'));
const load = (name) => import(pathToFileURL(resolve(name)).href);
const { LLMClassifierFromTemplate, init } = await load('autoevals');
const { default: OpenAI } = await load('openai');

init({
  client: new OpenAI({
    baseURL: `${job.url}/v1`,
    apiKey: 'none',
    timeout: job.timeoutSeconds * 1000,
    maxRetries: job.attempts - 1,
  }),
});
const judge = LLMClassifierFromTemplate({
  name: 'Finding',
  // Three braces: the template language would write quotes as entities.
  promptTemplate: PLAIN_PROMPT.replace(/\{\{(document|response)\}\}/g, '{{{$1}}}').replace(
    /^Reply with one JSON object.*$/m,
    'Choose "both" if both are true, "one" if one is, "none" if none is.',
  ),
  choiceScores: { both: 1, one: 0.5, none: 0 },
  useCoT: true,
  model: 'simulator',
  maxTokens: job.maxTokens,
});

await work(job, async (samples, onDone) => {
  const left = samples.values();
  const worker = async () => {
    for (const { id, document, response } of left) {
      try {
        const { score, error } = await judge({ document, response, output: response });
        onDone(id, score ?? null, error === undefined ? undefined : String(error));
      } catch (error) {
        onDone(id, null, error instanceof Error ? error.message.slice(0, 200) : String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: job.concurrency }, worker));
});
