import { Agent, request } from 'undici';
import { createDispatcher, createJudge, createReward, judgeSchema, rewardSchema } from '@touchstone/core';
import { CRITERIA, OBJECTIVE } from '../rubric.mjs';
import { readJob, work } from './job.mjs';
import { toRollout } from './open-touchstone.mjs';
const job = readJob();
const agent = new Agent();
const model = { id:'openai-compatible:simulator', version:'simulator', structuredOutput:true, async generate(r) {
  const { statusCode, headers, body } = await request(`${job.url}/v1/chat/completions`, { dispatcher: agent, method:'POST', headers:{'content-type':'application/json'}, signal: r.signal,
   body: JSON.stringify({ model:'simulator', messages: r.messages, max_tokens: r.maxOutputTokens, temperature: r.temperature, seed: r.seed, response_format: {type:'json_schema', json_schema:{name:'reply', strict:true, schema:r.schema}} }) });
  const j = JSON.parse(await body.text());
  return { text: j.choices[0].message.content, finish: j.choices[0].finish_reason, inputTokens: j.usage.prompt_tokens, outputTokens: j.usage.completion_tokens };
}};
const config = judgeSchema.parse({ model:'openai-compatible:simulator', base_url: job.url, objective: OBJECTIVE, criteria: CRITERIA, inputs:{document:'metadata.document'}, max_tokens: job.maxTokens, concurrency: job.concurrency, timeout_seconds: 20, attempts: 6 });
const judge = createJudge(config, model, createDispatcher({concurrency:64,timeoutMs:20000,attempts:6,seed:1}), {seed:1});
const reward = createReward(rewardSchema.parse({}), judge, {baseDir:process.cwd()});
await work(job, (samples, onDone) => reward.score(samples.map(toRollout), { onDone: (result, i) => onDone(samples[i].id, result.score ?? null) }));
