import { join } from 'node:path';
import { writeWhole } from '@touchstone/store';
import { Option, type Command } from 'commander';
import { openReward, type Judge } from '@touchstone/core';
import { loadScoringConfig, rewardResources, type Loaded, type ScoringConfig } from '@touchstone/run';
import type { Io } from '../../io.js';
import { certificateText } from '@touchstone/lab';
import { CERTIFICATE_FILE, makeBundle, nextSteps, templateOf } from '@touchstone/launch';
import { certified, REQUIRE_CERTIFICATE } from './certified.js';
import { addFleetFlags, assertOptionsFit, writeFleet, type FleetFlags } from './fleet.js';

interface BundleFlags extends FleetFlags {
  out: string;
  for: 'lambda' | 'kubernetes' | 'ray';
  requireCertificate?: true;
  json?: true;
}

/** `touchstone reward bundle` */
export function registerBundle(reward: Command, io: Io): void {
  const command = reward
    .command('bundle')
    .description(
      'the reward as files to deploy: an AWS Lambda function with its CloudFormation template, or several servers in ' +
        'Kubernetes (image, manifests) or on Ray Serve, with how many; and how to deploy them',
    )
    .argument('<config>', 'touchstone.yaml, or its folder')
    .requiredOption('--out <dir>', 'the folder to write to')
    .addOption(
      new Option('--for <where>', 'where it will run')
        .choices(['lambda', 'kubernetes', 'ray'])
        .default('lambda'),
    )
    .option('--require-certificate', REQUIRE_CERTIFICATE);
  addFleetFlags(command)
    .option('--json', 'print the result as JSON')
    .action((config: string, flags: BundleFlags) => bundle(config, flags, io));
}

/** Opened for its fingerprint: nothing is asked. */
const judgeOf = async ({ config, baseDir }: Loaded<ScoringConfig>): Promise<Judge | null> =>
  (await openReward(config, await rewardResources(config, baseDir))).judge;

async function bundle(path: string, flags: BundleFlags, io: Io): Promise<void> {
  const { out, json } = flags;
  assertOptionsFit(flags);
  const loaded = await loadScoringConfig(path);
  const { certificate, eased, problem } = await certified(loaded, judgeOf(loaded), flags, io);
  if (flags.for !== 'lambda') return writeFleet(loaded, certificate, { ...flags, for: flags.for }, io);
  const made = await makeBundle(loaded, certificate);
  const steps = nextSteps(loaded.config, made.sha256);
  const files: [name: string, content: Uint8Array | string][] = [
    ['function.zip', made.zip],
    ['template.yaml', templateOf(loaded.config, made.sha256)],
    ['README.txt', steps],
    ...(certificate ? [[CERTIFICATE_FILE, certificateText(certificate)] as [string, string]] : []),
  ];
  for (const [name, content] of files) await writeWhole(join(out, name), content);
  const { sha256, codeBytes: code_bytes, packages } = made;
  if (json) {
    const figures = { zip_bytes: made.zip.length, code_bytes, sha256, packages };
    const proof = { certificate: certificate?.hash ?? null, certificate_eased: eased };
    io.out.write(`${JSON.stringify({ out, ...figures, ...proof })}\n`);
    return;
  }
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  const largest = packages.slice(0, 5).map(({ name, bytes }) => `${name} ${kilobytes(bytes)}`);
  io.out.write(
    `${join(out, 'function.zip')}: ${kilobytes(made.zip.length)} (${kilobytes(code_bytes)} of code: ${largest.join(', ')}, ...)\n` +
      `${join(out, 'template.yaml')}, and the commands to deploy it in ${join(out, 'README.txt')}\n` +
      (problem === null
        ? `The judge's certificate goes with it: ${certificate.hash}\n${eased === null ? '' : `${eased}\n`}`
        : `The judge has no certificate: ${problem}\n`),
  );
}
