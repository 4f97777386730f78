import type { AwsClients } from './clients.js';
import { asking, AwsError, isMissing } from './errors.js';
import type { Policy, PolicyStatement } from './policies.js';
import { refusalText, refusedOf } from './simulation.js';

/** What was found out about a role before it is used. */
export interface RoleCheck {
  /** What is wrong, each with what to do. */
  problems: string[];
  /** What nobody could look at. */
  unchecked: string[];
}

/** What the simulation does not know of: said of every role. */
export const BEYOND =
  'IAM’s simulation looks at the role’s own policies: bucket policies, key policies and endpoint policies may still say no';

/**
 * Holds a role against the documents that it needs: whom it trusts, and, by IAM's simulation, what it may do. Nothing is changed.
 *
 * @param needs see `executionPolicy`; trust: see `trustPolicy`.
 */
export async function checkRole(
  clients: Pick<AwsClients, 'iam'>,
  roleArn: string,
  trust: Policy,
  needs: Policy,
): Promise<RoleCheck> {
  const found: RoleCheck = { problems: [], unchecked: [BEYOND] };
  if (await checkTrust(clients, roleArn, trust, found)) {
    for (const statement of needs.Statement) await simulate(clients, roleArn, statement, found);
  }
  return { problems: found.problems, unchecked: [...new Set(found.unchecked)] };
}

/** @returns whether the role is there, or may be. */
async function checkTrust(
  clients: Pick<AwsClients, 'iam'>,
  roleArn: string,
  trust: Policy,
  found: RoleCheck,
): Promise<boolean> {
  const iam = await clients.iam();
  const RoleName = roleArn.split('/').at(-1)!;
  const wanted = trust.Statement[0]!.Principal!.Service;
  try {
    const { Role } = await asking(`look for the role ${RoleName}`, () => iam.getRole({ RoleName }));
    const text = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
    if (!text.includes(`"${wanted}"`)) {
      found.problems.push(
        `${roleArn} does not trust ${wanted}: let its trust policy be what --plan writes; now it is ${text.slice(0, 300)}`,
      );
    }
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (isMissing(error)) {
      found.problems.push(`there is no role ${roleArn}: make it, with the two documents that --plan writes`);
      return false;
    }
    found.unchecked.push(`whom ${roleArn} trusts: ${error.message}`);
    return true;
  }
}

async function simulate(
  clients: Pick<AwsClients, 'iam'>,
  roleArn: string,
  statement: PolicyStatement,
  found: RoleCheck,
): Promise<void> {
  try {
    const refused = await refusedOf(clients, roleArn, statement);
    for (const one of refused) found.problems.push(refusalText(one, roleArn));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    found.unchecked.push(`what ${roleArn} may do: ${error.message}`);
  }
}
