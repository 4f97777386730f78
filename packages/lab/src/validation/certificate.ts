import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { answerPolicySchema, canonical, type AnswerPolicy } from '@touchstone/core';
import { gateOutcomeSchema, InputError, judgeFindingSchema } from '@touchstone/spec';
import { sha256 } from '@touchstone/store';
import { z } from 'zod';

const text = z.string().min(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal');

const statementSchema = z.strictObject({
  version: z.literal(1),
  /** Of the judge that was examined: a judge with another fingerprint has no certificate. */
  judge: z.strictObject({ id: text, fingerprint: text }),
  heldout: z.strictObject({ id: text, fingerprint: text }).nullable(),
  /** What of the responses it was shown: what it says of other parts of a response is not known. */
  answer: answerPolicySchema,
  gate: gateOutcomeSchema,
  findings: z.array(judgeFindingSchema),
  /** What was examined on: the data files with the hash of their content. */
  data: z.record(z.string(), z.strictObject({ sha256: hash, lines: z.int().nonnegative() })),
  /** Of the labelled tasks: all that are not for writing the judge, or those that are; these prove nothing. */
  part: z.enum(['test', 'dev']),
  /** Judges that had been examined on these answers by then, with this one; 0 where nobody counts. */
  looks: z.int().nonnegative(),
  seed: z.int(),
  created: z.iso.datetime(),
  versions: z.record(z.string(), z.string()),
});
/** What a certificate states. */
type Statement = z.output<typeof statementSchema>;

const certificateSchema = statementSchema.extend({
  /** SHA-256 of the statement. */
  hash,
  /** Of the hash, by Ed25519; null where nobody has signed. */
  signature: z.strictObject({ publicKey: text, value: text }).nullable(),
});
/** What was found out about a judge, in a form that can be shown with what the judge makes. */
export type Certificate = z.output<typeof certificateSchema>;

/**
 * Issues a certificate. The hash says that nothing was changed by accident; who could have changed it on purpose is kept out
 * by a signature only.
 *
 * @param privateKey PEM of an Ed25519 key; absent: unsigned.
 * @throws {InputError} it is no such key.
 */
export function issueCertificate(statement: Statement, privateKey?: string): Certificate {
  const checked = statementSchema.parse(statement);
  const hashed = hashOf(checked);
  return {
    ...checked,
    hash: hashed,
    signature: privateKey === undefined ? null : signatureOf(hashed, privateKey),
  };
}

/** A certificate as a file holds it. */
export const certificateText = (certificate: Certificate): string =>
  `${JSON.stringify(certificate, null, 2)}\n`;

/**
 * Reads a certificate.
 *
 * @param file for the message.
 * @throws {InputError} it is not JSON, not a certificate, or its content is not what was hashed or signed.
 */
export function readCertificate(content: string, file: string): Certificate {
  const fail = (problem: string): never => {
    throw InputError.at({ file }, `${problem}. Examine the judge again: touchstone judge`);
  };
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return fail('expected a certificate, got something that is not JSON');
  }
  const { success, data, error } = certificateSchema.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    return fail(`expected a certificate: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const { hash: stated, signature, ...statement } = data;
  if (hashOf(statement) !== stated) return fail('the certificate was changed after it was issued');
  if (signature && !isSigned(stated, signature)) return fail('the signature is not of this certificate');
  return data;
}

/**
 * Whether a certificate speaks of this judge, and for it.
 *
 * @param now the judge as it is, and what of a response it is shown.
 * @param publicKey PEM of the Ed25519 key that must have signed it; absent: it need not be signed.
 * @returns why not; null where it does.
 */
export function certificateProblem(
  certificate: Certificate,
  now: { fingerprint: string; answer: AnswerPolicy },
  publicKey?: string,
): string | null {
  const { judge, answer, gate, part, signature } = certificate;
  if (judge.fingerprint !== now.fingerprint) {
    return `the certificate is of judge ${judge.fingerprint}, and this one is ${now.fingerprint}: it has changed since`;
  }
  const differs = answerPolicySchema.keyof().options.find((name) => answer[name] !== now.answer[name]);
  if (differs !== undefined) {
    const [then, today] = [answer, now.answer].map((policy) => `${differs}: ${policy[differs]}`);
    return `the judge was examined on answers read with ${then}, and is shown answers read with ${today} (reward.answer, and repaired of checks): examine it again`;
  }
  if (gate !== 'passed') return `the certificate says that the gate is "${gate}"`;
  if (part !== 'test') return 'the certificate is of the answers that the judge was written with';
  if (publicKey === undefined) return null;
  if (!signature) return 'the certificate is not signed';
  const wanted = keyText(readKey(publicKey, createPublicKey, 'public'));
  return signature.publicKey === wanted ? null : 'the certificate is signed by another key';
}

/** Keys in the order of the schema, whatever order a file has them in. */
const hashOf = (statement: Statement): string => sha256(canonical(statementSchema.parse(statement)));

function signatureOf(hashed: string, pem: string): NonNullable<Certificate['signature']> {
  const key = readKey(pem, createPrivateKey, 'private');
  const value = sign(null, Buffer.from(hashed), key).toString('base64');
  return { publicKey: keyText(createPublicKey(key)), value };
}

function isSigned(hashed: string, { publicKey, value }: NonNullable<Certificate['signature']>): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(hashed), key, Buffer.from(value, 'base64'))
    );
  } catch {
    return false;
  }
}

const keyText = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');

/** @throws {InputError} without a word of the key itself. */
function readKey(pem: string, read: (pem: string) => KeyObject, kind: 'private' | 'public'): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read(pem);
  } catch {
    // Said below.
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new InputError([
    { message: `expected a ${kind} Ed25519 key as PEM: openssl genpkey -algorithm ed25519` },
  ]);
}
