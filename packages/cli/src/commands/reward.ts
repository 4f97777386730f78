import { readFile } from 'node:fs/promises';
import { createReward, type RewardFunction } from '@touchstone/core';
import {
  createReplyCache,
  createRewardServer,
  describeOutcome,
  parseSampleLine,
  scoreWithin,
  type Report,
  type RewardRecord,
} from '@touchstone/serve';
import { addUsage, InputError, NO_USAGE, type Rollout } from '@touchstone/spec';
import { InvalidArgumentError, type Command } from 'commander';
import { loadConfig } from '../config/load.js';
import type { Io } from '../io.js';
import { openJudge } from '../run/workspace.js';
import { createProgress, NO_PROGRESS } from '../terminal/progress.js';
import { renderTable } from '../terminal/table.js';
import { registerBundle } from './reward/bundle.js';
import { registerInvoke } from './reward/invoke.js';

/** Holds the key that requests to `touchstone reward serve` must carry. */
const KEY_VARIABLE = 'TOUCHSTONE_REWARD_KEY';

/** `touchstone reward score|invoke|bundle|serve` */
export function registerReward(program: Command, io: Io): void {
  const reward = program
    .command('reward')
    .description('the reward function: score answers, or serve it to a trainer');
  reward
    .command('score')
    .description('score the answers of a file, and show every part of each reward with its reason')
    .argument('<config>', 'touchstone.yaml, or its folder')
    .argument('<file>', 'JSON Lines: task lines with the answer as "response"')
    .option('--json', 'print the result as JSON, and no progress')
    .action((config: string, file: string, flags: { json?: true }) => score(config, file, flags, io));
  registerInvoke(reward, io);
  registerBundle(reward, io);
  reward
    .command('serve')
    .description('serve the reward over HTTP: POST /v1/rewards, POST / (Amazon Nova events) and GET /health')
    .argument('<config>', 'touchstone.yaml, or its folder')
    .option(
      '--host <host>',
      `where to listen; other than loopback needs a key in ${KEY_VARIABLE}`,
      '127.0.0.1',
    )
    .option('--port <port>', 'port; 0 takes a free one', parsePort, 8080)
    .option('--json', 'print the address as JSON')
    .action((config: string, flags: ServeFlags) => serve(config, flags, io));
}

interface ServeFlags {
  host: string;
  port: number;
  json?: true;
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('expected a whole number from 0 to 65535');
  }
  return Number(text);
}

/** @throws {InputError} also for samples that could not be scored, after the others are printed. */
async function score(path: string, file: string, flags: { json?: true }, io: Io): Promise<void> {
  const samples = await readSamples(file);
  const { reward } = await openReward(path);
  const progress = flags.json ? NO_PROGRESS : createProgress(io.err);
  progress.start('Scoring', samples.length);
  let done = 0;
  const counted: RewardFunction = {
    score: (rollouts, options) =>
      reward.score(rollouts, options).finally(() => progress.update((done += rollouts.length))),
  };
  const outcomes = await scoreWithin(
    samples.map(({ rollout }) => rollout),
    counted,
  );
  progress.end();
  const records = outcomes.map((outcome, i) => describeOutcome(samples[i]!.rollout.id, outcome));
  if (flags.json) io.out.write(`${JSON.stringify({ rewards: records })}\n`);
  else {
    io.out.write(`\n${rewardTable(records)}\n${verdictTable(records)}`);
    const usage = outcomes.reduce(
      (sum, o) => (o.status === 'failed' ? sum : addUsage(sum, o.usage)),
      NO_USAGE,
    );
    const of = (status: RewardRecord['status']): number =>
      records.filter((one) => one.status === status).length;
    io.out.write(
      `${of('scored')} scored, ${of('abstained')} abstained, ${of('failed')} failed; ` +
        `${usage.calls} judge calls, ${usage.inputTokens} tokens in, ${usage.outputTokens} out, $${usage.money.toFixed(4)}\n`,
    );
  }
  const failed = outcomes.flatMap((outcome, i) =>
    outcome.status === 'failed'
      ? [{ place: { file, line: samples[i]!.line }, message: `not scored: ${outcome.detail}` }]
      : [],
  );
  if (failed.length > 0) throw new InputError(failed);
}

/** Ends at SIGINT or SIGTERM, after the requests in work; a second signal ends at once. */
async function serve(path: string, { host, port, json }: ServeFlags, io: Io): Promise<void> {
  const { reward, abstention } = await openReward(path);
  const key = io.env[KEY_VARIABLE]?.trim() || undefined;
  const server = createRewardServer({ reward, key, abstention, report: reportTo(io) });
  const stopped = firstSignal();
  try {
    const url = await server.listen({ host, port });
    io.out.write(json ? `${JSON.stringify({ url })}\n` : `Listening on ${url}; Ctrl+C ends it.\n`);
    await stopped.signal;
    if (!json) io.err.write('Answering the requests in work; once more ends at once.\n');
    await server.close();
  } finally {
    stopped.forget();
  }
}

function firstSignal(): { signal: Promise<void>; forget: () => void } {
  let listener = (): void => {};
  const forget = (): void => void process.off('SIGINT', listener).off('SIGTERM', listener);
  const signal = new Promise<void>((resolve) => {
    listener = () => {
      forget();
      resolve();
    };
    process.on('SIGINT', listener).on('SIGTERM', listener);
  });
  return { signal, forget };
}

/** The configuration's reward, and what its abstentions become on a wire that must carry a number. */
async function openReward(
  path: string,
): Promise<{ reward: RewardFunction; abstention: 'group-mean' | 'neutral' }> {
  const { config, baseDir } = await loadConfig(path);
  const judge = await openJudge(config.judge, config.seed, baseDir, createReplyCache());
  return {
    reward: createReward(config.reward, judge, { baseDir }),
    abstention: config.reward.abstention.policy === 'group-mean' ? 'group-mean' : 'neutral',
  };
}

function reportTo(io: Io): Report {
  return (notice) => void io.err.write(`${JSON.stringify(notice)}\n`);
}

/** Answers to score, with the lines they stand on. @throws {InputError} naming every line that is wrong. */
async function readSamples(file: string): Promise<{ rollout: Rollout; line: number }[]> {
  const problems: { place: { file: string; line: number }; message: string }[] = [];
  const lines = (await readText(file)).split('\n').map((text, index) => ({ text, line: index + 1 }));
  const samples = lines.flatMap(({ text, line }) => {
    if (text.trim() === '') return [];
    const parsed = parseSampleText(text);
    if ('value' in parsed) return [{ rollout: parsed.value, line }];
    problems.push(...parsed.problems.map((message) => ({ place: { file, line }, message })));
    return [];
  });
  if (problems.length > 0) throw new InputError(problems);
  if (samples.length === 0)
    throw InputError.at({ file }, 'the file is empty: expected one JSON object a line');
  return samples;
}

function parseSampleText(text: string): ReturnType<typeof parseSampleLine> {
  try {
    return parseSampleLine(JSON.parse(text));
  } catch (error) {
    return { problems: [`not JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const why = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'there is no such file',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'not UTF-8 text',
    };
    throw InputError.at(
      { file },
      Object.hasOwn(why, code) ? why[code as keyof typeof why] : `cannot be read (${code})`,
      { cause },
    );
  }
}

/** A row per answer, a column per part of the reward. */
function rewardTable(records: readonly RewardRecord[]): string {
  const names = [...new Set(records.flatMap(({ components }) => components.map(({ name }) => name)))];
  const figure = (value: number | null | undefined): string => value?.toFixed(3) ?? '-';
  return renderTable(
    [
      { title: '#', align: 'right' },
      { title: 'id' },
      ...['reward', ...names].map((title) => ({ title, align: 'right' as const })),
      { title: 'note' },
    ],
    records.map((record, i) => [
      String(i + 1),
      record.id,
      figure(record.score),
      ...names.map((name) => figure(record.components.find((part) => part.name === name)?.score)),
      noteOf(record),
    ]),
  );
}

function noteOf({ status, gated_by, reason, detail, components }: RewardRecord): string {
  if (status !== 'scored') return [status, reason, detail].filter((part) => part !== undefined).join(': ');
  const gate = components.find(({ name }) => name === gated_by);
  if (gate !== undefined) return `not judged: failed ${gate.name}${gate.detail ? `: ${gate.detail}` : ''}`;
  return components.find(({ kind }) => kind === 'judge')?.detail ?? '';
}

/** A row per item and criterion; nothing when nothing was judged. */
function verdictTable(records: readonly RewardRecord[]): string {
  const rows = records.flatMap(({ verdicts }, i) =>
    verdicts.flatMap(({ item, criteria }) =>
      criteria.map(({ criterion, value, reason, evidence }) => [
        String(i + 1),
        item === null ? 'all' : String(item + 1),
        criterion,
        String(value),
        reason,
        evidence,
      ]),
    ),
  );
  if (rows.length === 0) return '';
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'item', align: 'right' as const },
    { title: 'criterion' },
    { title: 'value', align: 'right' as const },
    { title: 'reason' },
    { title: 'evidence' },
  ];
  return `${renderTable(columns, rows)}\n`;
}
