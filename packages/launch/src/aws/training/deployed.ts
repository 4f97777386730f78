import { networkFetch } from '@touchstone/core';
import { readCertificate } from '@touchstone/lab';
import { failed, ok, warning, type Finding, type TrainingJob } from '@touchstone/run';
import { RunError, TouchstoneError } from '@touchstone/spec';
import { unzipSync } from 'fflate';
import { CERTIFICATE_FILE, makeBundle } from '../bundle.js';
import { asking, type AwsClients } from '../jobs/index.js';

const WHAT = 'Deployed reward';
const TO_DO = 'Deploy it anew: touchstone reward bundle';

/**
 * Whether the function holds the reward of this configuration, byte for byte: a model would be trained against another judge than the one that
 * was examined, and nothing would show it.
 */
export async function examineDeployed(
  job: Pick<TrainingJob, 'workspace'>,
  clients: Pick<AwsClients, 'lambda'>,
  functionArn: string,
): Promise<Finding[]> {
  let deployed: Record<string, Uint8Array>;
  try {
    deployed = unzipSync(await codeOf(clients, functionArn));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [warning(WHAT, `not looked at: what ${functionArn} holds cannot be read (${why})`)];
  }
  const { [CERTIFICATE_FILE]: certificate, ...code } = deployed;
  const own = unzipSync((await makeBundle(job.workspace)).zip);
  const names = [...new Set([...Object.keys(own), ...Object.keys(code)])].sort();
  const others = names.filter((name) => !isSame(own[name], code[name]));
  if (others.length > 0) {
    return [
      failed(
        WHAT,
        `${functionArn} holds another reward than this configuration's, or one that another version of Touchstone made: ${others.join(', ')} differ. ${TO_DO}`,
      ),
    ];
  }
  return [
    ok(WHAT, `${functionArn} holds the reward of this configuration`),
    certificateFinding(certificate, job.workspace.judge.fingerprint),
  ];
}

function certificateFinding(certificate: Uint8Array | undefined, fingerprint: string): Finding {
  const what = 'Its certificate';
  if (certificate === undefined) {
    return warning(
      what,
      'the function holds none: it was bundled before "touchstone judge" had found the judge fit',
    );
  }
  try {
    const { hash, judge } = readCertificate(new TextDecoder().decode(certificate), CERTIFICATE_FILE);
    if (judge.fingerprint === fingerprint) return ok(what, `${hash}, of this judge`);
    return failed(
      what,
      `${hash} is of another judge, ${judge.fingerprint}; expected ${fingerprint}. ${TO_DO}`,
    );
  } catch (error) {
    if (!TouchstoneError.is(error)) throw error;
    return failed(what, `${error.message}. ${TO_DO}`);
  }
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

/** @throws {RunError} it may not be read. */
async function codeOf(clients: Pick<AwsClients, 'lambda'>, functionArn: string): Promise<Uint8Array> {
  const lambda = await clients.lambda();
  const { Code } = await asking(`read the code of ${functionArn}`, () =>
    lambda.getFunction({ FunctionName: functionArn }),
  );
  const reply = await networkFetch(Code!.Location!);
  if (!reply.ok) throw new RunError(`S3 answers ${reply.status} for its code`);
  return new Uint8Array(await reply.arrayBuffer());
}
