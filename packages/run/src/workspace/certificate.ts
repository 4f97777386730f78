import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { answerPolicyOf } from '@touchstone/core';
import { certificateProblem, readCertificate, type Certificate } from '@touchstone/lab';
import { easedText, GateError, TouchstoneError } from '@touchstone/spec';
import type { Loaded } from '../config/load.js';
import type { ScoringConfig } from '../config/schema.js';

/** Where a judge's certificate lies: in the folder of the run that it was examined in. */
export const certificateFile = (folder: string): string => join(folder, 'certificate.json');

/** The certificate of a judge, or why it has none. */
export type Certified =
  /** `eased`: where its gate asked less than the default one, in words; null: nowhere. */
  | { certificate: Certificate; eased: string | null; problem: null }
  | { certificate: null; eased: null; problem: string };

/**
 * Looks whether the judge of a configuration, as it is now, has been found fit to train against.
 *
 * @param judge null where checks decide alone: there is no judge to certify.
 * @param publicKey PEM of the Ed25519 key that must have signed the certificate; absent: it need not be signed.
 * @throws {InputError} the key is none.
 */
export async function certificateOf(
  { config, baseDir }: Pick<Loaded<ScoringConfig>, 'config' | 'baseDir'>,
  judge: { fingerprint: string } | null,
  publicKey?: string,
): Promise<Certified> {
  const none = (problem: string): Certified => ({ certificate: null, eased: null, problem });
  if (!judge) return none('there is no judge: checks decide alone');
  const file = certificateFile(resolve(baseDir, config.output));
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch {
    return none(`there is no certificate at ${file}: "touchstone judge" examines the judge and writes it`);
  }
  let certificate: Certificate;
  try {
    certificate = readCertificate(content, file);
  } catch (error) {
    if (TouchstoneError.is(error)) return none(error.message);
    throw error;
  }
  const now = { fingerprint: judge.fingerprint, answer: answerPolicyOf(config.reward) };
  const problem = certificateProblem(certificate, now, publicKey);
  if (problem !== null) return none(`${file}: ${problem}`);
  return { certificate, eased: easedText(certificate.findings), problem };
}

/** @throws {GateError} there is no certificate. */
export function assertCertified({ problem }: Certified): void {
  if (problem !== null) throw new GateError(`--require-certificate: ${problem}`);
}
