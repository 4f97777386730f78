import { join } from 'node:path';
import { writeWhole } from '@touchstone/store';
import type { Command } from 'commander';
import { loadScoringConfig } from '@touchstone/run';
import type { Io } from '../../io.js';
import { makeBundle, nextSteps, templateOf } from '@touchstone/launch';

interface BundleFlags {
  out: string;
  json?: true;
}

/** `touchstone reward bundle` */
export function registerBundle(reward: Command, io: Io): void {
  reward
    .command('bundle')
    .description(
      'make an AWS Lambda function of the reward: function.zip, its CloudFormation template, and how to deploy it',
    )
    .argument('<config>', 'touchstone.yaml, or its folder')
    .requiredOption('--out <dir>', 'the folder to write to')
    .option('--json', 'print the result as JSON')
    .action((config: string, flags: BundleFlags) => bundle(config, flags, io));
}

async function bundle(path: string, { out, json }: BundleFlags, io: Io): Promise<void> {
  const loaded = await loadScoringConfig(path);
  const made = await makeBundle(loaded);
  const steps = nextSteps(loaded.config, made.sha256);
  const files: [name: string, content: Uint8Array | string][] = [
    ['function.zip', made.zip],
    ['template.yaml', templateOf(loaded.config, made.sha256)],
    ['README.txt', steps],
  ];
  for (const [name, content] of files) await writeWhole(join(out, name), content);
  const { sha256, codeBytes: code_bytes, packages } = made;
  if (json) {
    io.out.write(`${JSON.stringify({ out, zip_bytes: made.zip.length, code_bytes, sha256, packages })}\n`);
    return;
  }
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  const largest = packages.slice(0, 5).map(({ name, bytes }) => `${name} ${kilobytes(bytes)}`);
  io.out.write(
    `${join(out, 'function.zip')}: ${kilobytes(made.zip.length)} (${kilobytes(code_bytes)} of code: ${largest.join(', ')}, ...)\n` +
      `${join(out, 'template.yaml')}, and the commands to deploy it in ${join(out, 'README.txt')}\n`,
  );
}
