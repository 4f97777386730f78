import type { Judge } from '@touchstone/core';
import {
  assertCertified,
  certificateOf,
  type Certified,
  type Loaded,
  type ScoringConfig,
} from '@touchstone/run';
import { InputError } from '@touchstone/spec';
import type { Io } from '../../io.js';

/** Holds the public key, as PEM, that certificates must be signed with. */
const KEY_VARIABLE = 'TOUCHSTONE_CERTIFICATE_KEY';

/** What the option of that name says of itself. */
export const REQUIRE_CERTIFICATE =
  'end with exit code 3 when the judge, as it is now, has no certificate that it may train a model ' +
  `(touchstone judge); one that is signed by the key in ${KEY_VARIABLE}, where that is set`;

/**
 * The certificate of the judge that a reward is made of.
 *
 * @param judge rejects where the judge cannot be opened here, such as for want of a key: then nothing is known of it.
 * @throws {GateError} there is none, and one is required.
 */
export async function certified(
  loaded: Pick<Loaded<ScoringConfig>, 'config' | 'baseDir'>,
  judge: Promise<Judge | null>,
  { requireCertificate = false }: { requireCertificate?: boolean },
  io: Io,
): Promise<Certified> {
  const found = await judge.then(
    (opened) => certificateOf(loaded, opened, io.env[KEY_VARIABLE]?.trim() || undefined),
    (error: unknown): Certified => {
      if (!InputError.is(error)) throw error;
      return { certificate: null, eased: null, problem: `the judge cannot be opened here: ${error.message}` };
    },
  );
  if (requireCertificate) assertCertified(found);
  return found;
}
