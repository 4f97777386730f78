import { largest } from '@touchstone/spec';
import {
  type Finding,
  type ScoringConfig,
  failed,
  keyVariablesOf,
  modelsOf,
  ok,
  warning,
} from '@touchstone/run';
import {
  resolved,
  statementsIn,
  type IamStatement,
  type Template,
  type TemplateResource,
} from '../read-template.js';

/** What the article recommends, and what Lambda allows at most. */
const TIMEOUT_SECONDS = 900;
const WARM_INSTANCES = 100;

/**
 * The settings that training in AWS fails or crawls without, as far as the template says them: parameters count with
 * their defaults.
 */
export function examineTemplate(template: Template, config: ScoringConfig): Finding[] {
  const functions = resourcesOf(template, 'AWS::Lambda::Function');
  const [first] = functions;
  if (functions.length !== 1 || first === undefined) {
    return [failed('Lambda function', `expected one function in the template, found ${functions.length}`)];
  }
  const of = (name: string): unknown => resolved(template, first.Properties?.[name]);
  return [
    functionName(of('FunctionName')),
    timeout(of('Timeout'), config),
    runtime(of('Runtime')),
    ...provisionedConcurrency(template),
    logRetention(template),
    ...permissions(template, config),
  ];
}

function functionName(name: unknown): Finding {
  const what = 'Function name';
  if (typeof name !== 'string') return failed(what, 'no name; expected one that holds "SageMaker"');
  if (!name.includes('SageMaker')) {
    return failed(
      what,
      `${name}; HyperPod invokes only functions whose name holds "SageMaker", in this casing`,
    );
  }
  return name.length <= 64 ? ok(what, name) : failed(what, `${name}: longer than 64 characters`);
}

function timeout(seconds: unknown, config: ScoringConfig): Finding {
  const what = 'Timeout';
  const given = Number(seconds ?? 3);
  const slowest = largest(callTimeouts(config.judge));
  if (given <= slowest) {
    return failed(
      what,
      `${given} s, and one judge call may take ${slowest} s (timeout_seconds); expected ${TIMEOUT_SECONDS}`,
    );
  }
  return given >= TIMEOUT_SECONDS
    ? ok(what, `${given} s`)
    : warning(
        what,
        `${given} s; a batch that is not ready is answered as it is by then; expected ${TIMEOUT_SECONDS}`,
      );
}

/** `timeout_seconds` of every judge within. */
function callTimeouts(judge: unknown): number[] {
  if (typeof judge !== 'object' || judge === null) return [0];
  const { timeout_seconds } = judge as Record<string, unknown>;
  const here = typeof timeout_seconds === 'number' ? [timeout_seconds] : [];
  return [0, ...here, ...Object.values(judge).flatMap(callTimeouts)];
}

function runtime(name: unknown): Finding {
  return name === 'nodejs24.x'
    ? ok('Runtime', name)
    : failed('Runtime', `${String(name)}; the bundle is made for nodejs24.x`);
}

function provisionedConcurrency(template: Template): Finding[] {
  const what = 'Provisioned concurrency';
  const counts = resourcesOf(template, 'AWS::Lambda::Alias').map((alias) =>
    Number(
      firstOf(
        template,
        alias.Properties?.['ProvisionedConcurrencyConfig'],
        'ProvisionedConcurrentExecutions',
      ) ?? 0,
    ),
  );
  const warm = Math.max(0, ...counts);
  if (warm === 0)
    return [
      warning(what, `none: the first calls of a step wait for cold starts; expected about ${WARM_INSTANCES}`),
    ];
  return [
    warm >= WARM_INSTANCES
      ? ok(what, `${warm} instances on the alias`)
      : warning(what, `${warm} instances on the alias; expected about ${WARM_INSTANCES}`),
    warning(
      'Alias or Forge SDK',
      'the warm instances belong to the alias, and the Nova Forge SDK takes only an ARN without one: ' +
        'through the SDK they are paid for and not used (ProvisionedConcurrency=0); Bedrock takes the alias',
    ),
  ];
}

function logRetention(template: Template): Finding {
  const what = 'Log retention';
  const days = resourcesOf(template, 'AWS::Logs::LogGroup').map((group) =>
    resolved(template, group.Properties?.['RetentionInDays']),
  );
  return days.some((one) => Number(one) > 0)
    ? ok(what, `${days.join(', ')} days`)
    : warning(what, 'none: the log is kept, and paid for, for ever');
}

function permissions(template: Template, config: ScoringConfig): Finding[] {
  const roles = resourcesOf(template, 'AWS::IAM::Role');
  const trusting = (service: string): TemplateResource[] =>
    roles.filter((role) =>
      JSON.stringify(role.Properties?.['AssumeRolePolicyDocument'] ?? '').includes(`"${service}"`),
    );
  const allowed = (role: TemplateResource): string[] =>
    [role.Properties?.['Policies'], ...attached(template, role)]
      .flatMap(statementsIn)
      .flatMap((statement) => [statement.Action].flat());
  const lacks = (service: string, action: string): boolean =>
    !trusting(service).some((role) => allowed(role).includes(action));

  const findings = (['sagemaker', 'bedrock'] as const).map((name) =>
    lacks(`${name}.amazonaws.com`, 'lambda:InvokeFunction')
      ? failed(
          `Execution role, ${name}`,
          'no role of the template may invoke the function (lambda:InvokeFunction)',
        )
      : ok(`Execution role, ${name}`, 'may invoke the function; made where DataBucket is given'),
  );
  const own = 'lambda.amazonaws.com';
  const usesBedrock = modelsOf(config.judge).some(({ provider }) => provider.name === 'bedrock');
  const keys = keyVariablesOf(config.judge);
  if (usesBedrock && lacks(own, 'bedrock:InvokeModel')) {
    findings.push(failed("Function's role", 'may not call the judge (bedrock:InvokeModel)'));
  } else if (
    keys.length > 0 &&
    lacks(own, 'secretsmanager:GetSecretValue') &&
    lacks(own, 'ssm:GetParameter')
  ) {
    findings.push(failed("Function's role", `may not read the secret with ${keys.join(', ')}`));
  } else {
    const how = keys.length > 0 ? `; the secret of JudgeKeyArn must hold ${keys.join(', ')}` : '';
    findings.push(ok("Function's role", `may call the judge${how}`));
  }
  const stars = statementsIn(template.Resources).filter(isTooWide);
  if (stars.length > 0) {
    const names = stars.map(({ Sid, Action }) => Sid ?? [Action].flat().join(', '));
    findings.push(warning('Least privilege', `resource "*" in ${names.join('; ')}`));
  }
  return findings;
}

/** AWS grants these on all resources or not at all. */
const WITHOUT_RESOURCES = ['ecr:GetAuthorizationToken', 'cloudwatch:PutMetricData'];

function isTooWide({ Action, Resource }: IamStatement): boolean {
  const isStar = [Resource].flat().includes('*');
  return isStar && ![Action].flat().every((action) => WITHOUT_RESOURCES.includes(action));
}

function attached(template: Template, role: TemplateResource): unknown[] {
  const names = JSON.stringify(role.Properties?.['ManagedPolicyArns'] ?? '');
  return Object.entries(template.Resources).flatMap(([name, resource]) =>
    names.includes(`{"Ref":"${name}"}`) ? [resource.Properties?.['PolicyDocument']] : [],
  );
}

function resourcesOf(template: Template, type: string): TemplateResource[] {
  return Object.values(template.Resources).filter((resource) => resource.Type === type);
}

/** The first value of `key` anywhere below, as it is with every parameter at its default. */
function firstOf(template: Template, value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, key)) return resolved(template, (value as Record<string, unknown>)[key]);
  for (const child of Object.values(value)) {
    const found = firstOf(template, child, key);
    if (found !== undefined) return found;
  }
  return undefined;
}
