import type { Demand, FleetPlan } from './replicas.js';

const round = (n: number): string =>
  n >= 10 ? Math.round(n).toLocaleString('en') : Number(n.toPrecision(2)).toString();
const plural = (n: number, what: string): string => `${round(n)} ${what}${n === 1 ? '' : 's'}`;

/** A fleet's size with what it was computed from, what a batch waits for, and what would help, for people. */
export function fleetPlanText(demand: Demand, plan: FleetPlan): string {
  const { answers, lanes, latency, cpuSeconds, gathers } = demand;
  const calls = lanes.map(
    ({ model, calls: each, tokens }) =>
      `${round(each)} of ${model}${tokens === null ? '' : ` with about ${round(tokens)} tokens`}`,
  );
  return [
    `${plural(plan.replicas, 'server')}${plan.maxReplicas > plan.replicas ? `, ${plan.maxReplicas} at most` : ''}: ` +
      `${plural(answers, 'answer')} judged at once take about ${round(plan.seconds)} s (${round(plan.answersPerSecond)} a second).`,
    `Computed from: calls of an answer: ${calls.length > 0 ? `${calls.join(', ')}; a call takes ${latency.p50} s (99 of 100: ${latency.p99} s)` : 'none'}; ` +
      `${round(cpuSeconds * 1000)} ms of processor an answer.`,
    `What a batch waits for: ${adviceOf(plan, demand)}`,
    ...lanes.flatMap(({ model, tokens, tokensPerMinute }) =>
      tokens === null && tokensPerMinute !== undefined
        ? [
            `tokens_per_minute of ${model} is left out: without the training tasks (data.train) the length of a prompt is not known.`,
          ]
        : [],
    ),
    ...(gathers
      ? [
          'One server, and no more: the judge compares the answers of a group, and answers that come one by one must meet in one place. ' +
            'Where each request holds the whole group (/v1/rewards, the shims), say --whole-groups.',
        ]
      : []),
  ].join('\n');
}

function adviceOf({ bottleneck, model, concurrencyNeeded, replicas }: FleetPlan, { lanes }: Demand): string {
  const lane = lanes.find((one) => one.model === model);
  switch (bottleneck) {
    case 'requests_per_minute':
      return `the provider's limit, ${round(lane!.requestsPerMinute!)} requests a minute of ${model}. More servers judge nothing faster.`;
    case 'tokens_per_minute':
      return `the provider's limit, ${round(lane!.tokensPerMinute!)} tokens a minute of ${model}. More servers judge nothing faster; shorter prompts or a smaller max_tokens do.`;
    case 'concurrency':
      return `places for calls: concurrency ${lane!.concurrency} of ${model} lets ${plural(replicas, 'server')} have ${round(replicas * lane!.concurrency)} calls in flight. Set concurrency: ${concurrencyNeeded}.`;
    case 'processor':
      return 'the processors of the servers. More servers help.';
    case 'latency':
      return 'the judge: all calls are in flight at once, and only a faster judge helps.';
  }
}

/** The same as a list in a README. */
export const asList = (planText: string): string =>
  planText
    .split('\n')
    .map((line) => `- ${line}`)
    .join('\n');
