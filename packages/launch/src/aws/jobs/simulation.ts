import type { AwsClients } from './clients.js';
import { asking } from './errors.js';
import type { PolicyStatement } from './policies.js';

/** An action that IAM's simulation does not allow. */
export interface Refused {
  action: string;
  resource: string;
  /** A statement says no, which no other policy outweighs; else none says yes. */
  isForbidden: boolean;
  /** The statement that wants it. */
  sid: string;
}

/**
 * What a user or a role may not do of a statement, by its own policies.
 *
 * @throws {AwsError} whoever asks may not have it simulated.
 */
export async function refusedOf(
  clients: Pick<AwsClients, 'iam'>,
  principalArn: string,
  { Sid, Action, Resource = ['*'], Condition = {} }: PolicyStatement,
): Promise<Refused[]> {
  const iam = await clients.iam();
  const context = Object.values(Condition).flatMap((entries) =>
    Object.entries(entries).map(([ContextKeyName, values]) => ({
      ContextKeyName,
      ContextKeyType: 'string' as const,
      // One value: a condition of several is one that each of them meets.
      ContextKeyValues: [[values].flat()[0]!],
    })),
  );
  const { EvaluationResults } = await asking(`simulate what ${principalArn} may do`, () =>
    iam.simulatePrincipalPolicy({
      PolicySourceArn: principalArn,
      ActionNames: Action,
      ResourceArns: Resource,
      ...(context.length > 0 ? { ContextEntries: context } : {}),
    }),
  );
  return (EvaluationResults ?? []).flatMap(({ EvalActionName, EvalResourceName, EvalDecision }) =>
    EvalDecision === 'allowed'
      ? []
      : [
          {
            action: EvalActionName!,
            resource: EvalResourceName!,
            isForbidden: EvalDecision === 'explicitDeny',
            sid: Sid,
          },
        ],
  );
}

/** In words, with what to do. */
export const refusalText = ({ action, resource, isForbidden, sid }: Refused, principalArn: string): string =>
  `${action} on ${resource} ${isForbidden ? 'is forbidden' : 'is not allowed'} to ${principalArn}: add the statement ${sid} that --plan writes`;
