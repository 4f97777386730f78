import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certificate } from '@touchstone/lab';
import { ASSUMED_LATENCY, kubernetesFiles, rayFiles, type FleetFiles } from '@touchstone/launch';
import type { Loaded, ScoringConfig } from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import { writeWhole } from '@touchstone/store';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Io } from '../../io.js';

export interface FleetFlags {
  image?: string;
  answers?: number;
  judgeSeconds: { p50: number; p99: number };
  wholeGroups?: true;
  /** false after `--no-redis`. */
  redis: boolean;
}

/** @throws {InputError} an option that is given changes nothing where the reward will run. */
export function assertOptionsFit(flags: FleetFlags & { for: string }): void {
  const { image, answers, judgeSeconds, wholeGroups, redis } = flags;
  const ofFleets: [string, boolean][] = [
    ['--answers', answers !== undefined],
    ['--judge-seconds', judgeSeconds !== ASSUMED_LATENCY],
    ['--whole-groups', wholeGroups !== undefined],
  ];
  const ofKubernetes: [string, boolean][] = [
    ['--image', image !== undefined],
    ['--no-redis', !redis],
  ];
  const others = flags.for === 'ray' ? ofKubernetes : [...ofFleets, ...ofKubernetes];
  const idle = flags.for === 'kubernetes' ? [] : others.filter(([, isGiven]) => isGiven);
  if (idle.length === 0) return;
  throw new InputError(
    idle.map(([name]) => ({ message: `${name} changes nothing with --for ${flags.for}: leave it out` })),
  );
}

/** The options of `reward bundle` that are for several servers. */
export function addFleetFlags(command: Command): Command {
  return command
    .option('--image <name>', 'kubernetes: where the cluster finds the image, without a tag', parseImage)
    .option(
      '--answers <n>',
      'fleets: answers judged at once; default: prompts_per_step × group_size of training',
      parseCount,
    )
    .addOption(
      new Option(
        '--judge-seconds <p50,p99>',
        'fleets: seconds that a judge call takes, the median and the 99th percentile',
      )
        .argParser(parseLatency)
        .default(ASSUMED_LATENCY, '4,15, an assumption'),
    )
    .option('--whole-groups', 'fleets: each request holds all answers of its task')
    .option('--no-redis', 'kubernetes: use a Redis that is there; the Secret has its address');
}

function parseImage(text: string): string {
  if (!/^[a-z0-9][a-z0-9._:-]*(\/[a-z0-9][a-z0-9._-]*)*$/.test(text) || /:[^/]*$/.test(text)) {
    throw new InvalidArgumentError('expected REGISTRY/NAME in lower case, without a tag');
  }
  return text;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('expected a whole number above 0');
  return Number(text);
}

function parseLatency(text: string): { p50: number; p99: number } {
  const [p50, p99, ...more] = text.split(',').map(Number);
  if (!(p50! > 0 && p99! >= p50! && p99! <= 3600) || more.length > 0) {
    throw new InvalidArgumentError('expected two numbers of seconds, the second not below the first: 4,15');
  }
  return { p50: p50!, p99: p99! };
}

/** The command line itself: what it is bundled from. */
const ENTRY = fileURLToPath(
  new URL(`../../main.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/**
 * Writes the files of a fleet.
 *
 * @throws {InputError} no image is named; the folder has files of another bundle, which would be carried along.
 */
export async function writeFleet(
  loaded: Loaded<ScoringConfig>,
  certificate: Certificate | null,
  flags: FleetFlags & { for: 'kubernetes' | 'ray'; out: string; json?: true },
  io: Io,
): Promise<void> {
  const { out, json, answers, judgeSeconds: latency, wholeGroups = false } = flags;
  const options = { certificate, entry: ENTRY, use: { answers, latency, wholeGroups } };
  const made =
    flags.for === 'ray'
      ? await rayFiles(loaded, options)
      : await kubernetesFiles(loaded, { image: imageOf(flags), ownRedis: flags.redis }, options);
  await assertNothingElse(out, made);
  for (const [name, content] of Object.entries(made.files)) await writeWhole(join(out, name), content);
  if (json) {
    const { sha256, plan, demand } = made;
    io.out.write(
      `${JSON.stringify({ out, sha256, certificate: certificate?.hash ?? null, plan, demand })}\n`,
    );
    return;
  }
  io.out.write(`${made.planText}\n\nEvery command from here to scores: ${join(out, 'README.md')}\n`);
}

function imageOf({ image }: FleetFlags): string {
  if (image !== undefined) return image;
  const message =
    '--image: expected the name under which your cluster finds the image, such as --image ghcr.io/me/reward';
  throw new InputError([{ message }]);
}

async function assertNothingElse(out: string, { files, carried }: FleetFiles): Promise<void> {
  const folder = join(out, carried);
  const there = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const ours = new Set(Object.keys(files).map((name) => join(out, name)));
  const strange = there
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !ours.has(path));
  if (strange.length > 0) {
    throw new InputError(
      strange.map((path) => ({
        message: `${path} is not of this bundle and would be carried along: remove it`,
      })),
    );
  }
}
