import { AwsFault, type Call } from './call.js';
import { ACCOUNT } from './simulated-job.js';

/** Who asks, the simulation of policies, and roles with whom they trust. */
export class IamSide {
  /** Whoever asks, as STS calls it. */
  caller = `arn:aws:sts::${ACCOUNT}:assumed-role/developer/session`;
  /** Actions that nobody has. */
  readonly denied = new Set<string>();
  /** Those that a statement says no to. */
  readonly forbidden = new Set<string>();
  /** Actions that a user or a role lacks, by its ARN. */
  readonly lacks = new Map<string, readonly string[]>();
  /** By the role's name: the services that it trusts. */
  readonly trusted = new Map<string, string[]>();

  call(asked: URLSearchParams): Call {
    const operation = asked.get('Action') ?? '';
    const xml = { 'content-type': 'text/xml' };
    return {
      service: operation === 'GetCallerIdentity' ? 'sts' : 'iam',
      operation,
      run: () => {
        const answers: Record<string, () => string> = {
          SimulatePrincipalPolicy: () => this.simulate(asked),
          GetCallerIdentity: () =>
            `<Arn>${this.caller}</Arn><UserId>simulated</UserId><Account>${ACCOUNT}</Account>`,
          GetRole: () => this.role(asked),
        };
        const inner = answers[operation]!();
        const words =
          operation === 'GetCallerIdentity'
            ? 'sts.amazonaws.com/doc/2011-06-15'
            : 'iam.amazonaws.com/doc/2010-05-08';
        return {
          headers: xml,
          body: `<${operation}Response xmlns="https://${words}/"><${operation}Result>${inner}</${operation}Result></${operation}Response>`,
        };
      },
      failed: ({ code, message, status }) => ({
        status: status ?? 400,
        headers: xml,
        body: `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      }),
    };
  }

  private simulate(asked: URLSearchParams): string {
    const list = (key: string): string[] =>
      [...asked].filter(([name]) => name.startsWith(`${key}.member.`)).map(([, value]) => value);
    const resources = list('ResourceArns');
    const lacking = this.lacks.get(asked.get('PolicySourceArn') ?? '') ?? [];
    const results = list('ActionNames').flatMap((action) =>
      (resources.length > 0 ? resources : ['*']).map((resource) => {
        const isDenied = this.denied.has(action) || lacking.includes(action);
        const decision = this.forbidden.has(action) ? 'explicitDeny' : isDenied ? 'implicitDeny' : 'allowed';
        return `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>${resource}</EvalResourceName><EvalDecision>${decision}</EvalDecision></member>`;
      }),
    );
    return `<IsTruncated>false</IsTruncated><EvaluationResults>${results.join('')}</EvaluationResults>`;
  }

  private role(asked: URLSearchParams): string {
    const name = asked.get('RoleName') ?? '';
    const services = this.trusted.get(name) ?? (this.caller.includes(`/${name}/`) ? [] : undefined);
    if (!services) throw new AwsFault('NoSuchEntity', `The role with name ${name} cannot be found.`, 404);
    const document = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: services }, Action: 'sts:AssumeRole' }],
    };
    return `<Role><RoleName>${name}</RoleName><Arn>arn:aws:iam::${ACCOUNT}:role/people/${name}</Arn><AssumeRolePolicyDocument>${encodeURIComponent(JSON.stringify(document))}</AssumeRolePolicyDocument></Role>`;
  }
}
