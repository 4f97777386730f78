import type { AwsClients } from './clients.js';
import { asking, AwsError } from './errors.js';
import type { Policy } from './policies.js';
import { refusalText, refusedOf, type Refused } from './simulation.js';

/** What was found out about whoever runs the command. */
export interface CallerCheck {
  /** Who it is: the ARN of a user or a role; null: nobody could say. */
  arn: string | null;
  /** What lacks, each with what to do. */
  problems: string[];
  /** What lacks in the caller's own policies, and a policy of the thing itself may allow. */
  doubts: string[];
  /** What nobody could look at. */
  unchecked: string[];
}

/** Services whose things have policies of their own, which may allow what the caller's do not. */
const WITH_OWN_POLICIES = ['s3', 'lambda', 'kms'];

/**
 * Holds whoever has the credentials against what the command will do, by IAM's simulation. Nothing is changed.
 *
 * @param needs see `callerPolicy`.
 */
export async function checkCaller(
  clients: Pick<AwsClients, 'iam' | 'sts'>,
  needs: Policy,
): Promise<CallerCheck> {
  const found: CallerCheck = { arn: null, problems: [], doubts: [], unchecked: [] };
  try {
    const who = await principalOf(clients);
    found.arn = who.arn;
    if (who.unchecked !== null) found.unchecked.push(who.unchecked);
    else {
      for (const statement of needs.Statement) {
        for (const refused of await refusedOf(clients, who.arn, statement)) {
          const isDoubt = !refused.isForbidden && mayBeAllowedThere(refused);
          found[isDoubt ? 'doubts' : 'problems'].push(refusalText(refused, who.arn));
        }
      }
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    found.unchecked.push(error.message);
  }
  return found;
}

const mayBeAllowedThere = ({ action }: Refused): boolean =>
  WITH_OWN_POLICIES.includes(action.slice(0, action.indexOf(':')));

/** Whose policies are to be simulated. A session's ARN has the role's name and not its path. */
async function principalOf(
  clients: Pick<AwsClients, 'iam' | 'sts'>,
): Promise<{ arn: string; unchecked: string | null }> {
  const sts = await clients.sts();
  const { Arn: arn = '' } = await asking('ask who this is', () => sts.getCallerIdentity({}));
  const role = /^arn:[\w-]+:sts::\d{12}:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  if (role !== undefined) {
    const iam = await clients.iam();
    const found = await asking(`look for the role ${role}`, () => iam.getRole({ RoleName: role }));
    return { arn: found.Role!.Arn!, unchecked: null };
  }
  if (/^arn:[\w-]+:iam::\d{12}:user\//.test(arn)) return { arn, unchecked: null };
  return {
    arn,
    unchecked: arn.endsWith(':root')
      ? `${arn} may do everything in its account, and IAM simulates nothing of it`
      : `${arn} is no user and no role, and IAM simulates only those`,
  };
}
