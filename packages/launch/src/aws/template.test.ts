import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { configSchema, type Config } from '@touchstone/run';
import { readTemplate, statementsIn, type IamStatement } from './read-template.js';
import { codeKey, defaultFunctionName, templateOf } from './template.js';
import { zipOf } from './zip.js';

const sha256 = 'a1b2c3d4e5f60718'.repeat(4);
const configOf = (judge: object, name = 'Contract review'): Config =>
  configSchema.parse({
    name,
    policy: { model: 'local:p' },
    data: { train: 't', eval: 'e' },
    judge: { objective: 'o', criteria: [{ name: 'A', question: 'q' }], ...judge },
  });
const profile = configOf({ model: 'bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0' });
const withKey = configOf({ model: 'openai-compatible:m', base_url: 'https://judge.example/v1' });

const read = (text: string) => readTemplate(text, 'template.yaml');

/** Actions that AWS grants on all resources or not at all. */
const WITHOUT_RESOURCES = ['ecr:GetAuthorizationToken', 'cloudwatch:PutMetricData'];

describe('the template', () => {
  const judges: [string, object][] = [
    ['a model of Bedrock', { model: 'bedrock:openai.gpt-oss-120b-1:0' }],
    ['an inference profile', { model: 'bedrock:us.amazon.nova-pro-v1:0' }],
    ['a model with a key', { model: 'anthropic:claude-sonnet-4-5' }],
  ];
  it.each(judges)('names no star but where AWS allows nothing else: %s', (_, judge) => {
    const statements = statementsIn(read(templateOf(configOf(judge), sha256)));
    expect(statements.length).toBeGreaterThan(8);
    for (const { Action, Resource, Principal } of statements) {
      const actions = [Action].flat();
      expect(actions.every((action) => /^[a-z0-9]+:[A-Za-z]+$/.test(action))).toBe(true);
      expect(Resource ?? Principal).toBeDefined();
      const resources = JSON.stringify(Resource ?? Principal);
      if (actions.every((action) => WITHOUT_RESOURCES.includes(action))) continue;
      expect(resources).not.toMatch(/"\*"/);
      // Nor an ARN whose service or whose name is a star.
      expect(resources).not.toMatch(/:\*"|::\*|:\*:\*/);
    }
  });

  it('lets the function call its model, and the model alone', () => {
    const resourcesFor = (model: string) =>
      statementsIn(read(templateOf(configOf({ model }), sha256)))
        .filter(({ Action }) => JSON.stringify(Action).includes('bedrock:'))
        .map(({ Action, Resource, Condition }) => ({ Action, Resource, Condition }));
    const sub = (text: string) => ({ 'Fn::Sub': text });
    expect(resourcesFor('bedrock:openai.gpt-oss-120b-1:0')).toEqual([
      {
        Action: ['bedrock:InvokeModel'],
        Resource: [
          sub('arn:${AWS::Partition}:bedrock:${AWS::Region}::foundation-model/openai.gpt-oss-120b-1:0'),
        ],
      },
    ]);
    const arn =
      'arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:inference-profile/eu.amazon.nova-pro-v1:0';
    expect(resourcesFor('bedrock:eu.amazon.nova-pro-v1:0')).toEqual([
      { Action: ['bedrock:InvokeModel'], Resource: [sub(arn)] },
      {
        Action: ['bedrock:InvokeModel'],
        Resource: [sub('arn:${AWS::Partition}:bedrock:*::foundation-model/amazon.nova-pro-v1:0')],
        Condition: { StringEquals: { 'bedrock:InferenceProfileArn': sub(arn) } },
      },
    ]);
    const own = 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123';
    expect(resourcesFor(`bedrock:${own}`)).toEqual([{ Action: ['bedrock:InvokeModel'], Resource: [own] }]);
    expect(resourcesFor('anthropic:claude-sonnet-4-5')).toEqual([]);
    expect(() => templateOf(configOf({ model: "bedrock:a' }${x}" }), sha256)).toThrow('expected the id');
  });

  it('asks for the ARN of a key where there is one, and never for a key', () => {
    const text = templateOf(withKey, sha256);
    const { Parameters, Resources } = read(text);
    expect(Parameters!['JudgeKeyArn']).not.toHaveProperty('Default');
    const pattern = new RegExp(`^(${Parameters!['JudgeKeyArn']!.AllowedPattern})$`);
    expect('arn:aws:secretsmanager:us-east-1:123456789012:secret:judge-Ab1').toMatch(pattern);
    expect('arn:aws:ssm:us-east-1:123456789012:parameter/judge/key').toMatch(pattern);
    expect('sk-live-0123456789').not.toMatch(pattern);
    expect(Resources['Function']!.Properties!['Environment']).toEqual({
      Variables: { TOUCHSTONE_JUDGE_KEY_ARN: { Ref: 'JudgeKeyArn' } },
    });
    expect(templateOf(profile, sha256)).not.toMatch(/JudgeKeyArn|Environment/);
    for (const filled of [text, templateOf(profile, sha256)]) expect(filled).not.toMatch(/__[A-Z_]+__/);
  });

  it('lets both execution roles invoke the function and reach the data', () => {
    const { Resources } = read(templateOf(profile, sha256));
    for (const name of ['SageMakerRole', 'BedrockRole']) {
      expect(Resources[name]!.Properties!['ManagedPolicyArns']).toEqual([
        { Ref: 'InvokePolicy' },
        { Ref: 'DataPolicy' },
      ]);
    }
    expect(Resources['Alias']!.Properties!['ProvisionedConcurrencyConfig']).toEqual({
      'Fn::If': [
        'KeepsWarm',
        { ProvisionedConcurrentExecutions: { Ref: 'ProvisionedConcurrency' } },
        { Ref: 'AWS::NoValue' },
      ],
    });
  });

  it('publishes a version for new code, and takes only names that HyperPod may invoke', () => {
    const other = 'b'.repeat(64);
    const versionsOf = (text: string) =>
      Object.keys(read(text).Resources).filter((name) => name.startsWith('Version'));
    expect(versionsOf(templateOf(profile, sha256))).not.toEqual(versionsOf(templateOf(profile, other)));
    expect(codeKey(sha256)).not.toBe(codeKey(other));
    const { AllowedPattern } = read(templateOf(profile, sha256)).Parameters!['FunctionName']!;
    const pattern = new RegExp(`^(${AllowedPattern})$`);
    for (const name of ['Contract review', 'x', 'a.b_c-d e', '_', 'long '.repeat(30)]) {
      expect(defaultFunctionName({ name })).toMatch(pattern);
      expect(defaultFunctionName({ name }).length).toBeLessThanOrEqual(64);
    }
    expect('sagemaker-reward').not.toMatch(pattern);
  });
});

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const python = join(root, '.cache/python/bin/python');
const missing = !existsSync(python);
const why = missing ? ' (skipped: cfn-lint and moto are not here; node scripts/python-tools.mjs)' : '';
const folder = mkdtempSync(join(tmpdir(), 'touchstone-template-'));
afterAll(() => rmSync(folder, { recursive: true }));
const run = promisify(execFile);

describe.skipIf(missing)(`the template in AWS's own tools${why}`, () => {
  it('has nothing that cfn-lint warns of', async () => {
    for (const [name, config] of Object.entries({ profile, withKey })) {
      const file = join(folder, `${name}.yaml`);
      writeFileSync(file, templateOf(config, sha256));
      const { stdout } = await run(join(dirname(python), 'cfn-lint'), ['-t', file]).catch(
        (error: { stdout: string }) => error,
      );
      expect(stdout).toBe('');
    }
  }, 120_000);

  it("deploys into moto's CloudFormation, with what the article says training fails without", async () => {
    const template = join(folder, 'deploy.yaml');
    const zip = join(folder, 'function.zip');
    writeFileSync(template, templateOf(profile, sha256));
    writeFileSync(zip, zipOf({ 'index.mjs': Buffer.from('export const handler = () => [];') }));
    const parameters = JSON.stringify({ CodeBucket: 'code', DataBucket: 'data', OutputBucket: 'output' });
    const script = fileURLToPath(new URL('moto-deploy.py', import.meta.url));
    const { stdout } = await run(python, [script, template, zip, parameters], { maxBuffer: 2 ** 24 });
    const deployed = JSON.parse(stdout) as {
      status: string;
      outputs: Record<string, string>;
      function: Record<string, unknown>;
      logs: unknown;
      roles: Record<string, { trust: { Statement: IamStatement[] }; statements: IamStatement[] }>;
      managed: IamStatement[];
    };
    expect(deployed.status).toBe('CREATE_COMPLETE');
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward-Contract-review';
    expect(deployed.outputs).toMatchObject({ FunctionArn: arn, AliasArn: `${arn}:live` });
    // What the Forge SDK and Bedrock take as the ARN of a reward function.
    expect(deployed.outputs['FunctionArn']).toMatch(
      /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+$/,
    );
    expect(deployed.outputs['AliasArn']).toMatch(
      /^arn:(aws[a-zA-Z-]*)?:lambda:[a-z]{2}(-gov)?-[a-z]+-\d{1}:\d{12}:function:[a-zA-Z0-9-_.]+(:(\$LATEST|[a-zA-Z0-9-_]+))?$/,
    );
    expect(deployed.function).toMatchObject({
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 900,
      MemorySize: 512,
      EphemeralStorage: { Size: 512 },
    });
    expect(deployed.logs).toEqual([['/aws/lambda/SageMaker-reward-Contract-review', 30]]);

    expect(deployed.managed).toEqual([
      expect.objectContaining({
        Action: 's3:ListBucket',
        Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::output'],
      }),
      expect.objectContaining({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' }),
      expect.objectContaining({ Sid: 'WriteOutput', Resource: 'arn:aws:s3:::output/*' }),
      expect.objectContaining({ Action: 'lambda:InvokeFunction', Resource: [arn, `${arn}:live`] }),
    ]);

    const { SageMakerRoleArn: sageMaker, BedrockRoleArn: bedrock, FunctionRoleArn: own } = deployed.roles;
    for (const [role, service] of [
      [sageMaker!, 'sagemaker.amazonaws.com'],
      [bedrock!, 'bedrock.amazonaws.com'],
    ] as const) {
      expect(role.trust.Statement[0]).toMatchObject({
        Principal: { Service: service },
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      });
    }
    expect(own!.statements.map(({ Sid }) => Sid)).toEqual([
      'WriteLog',
      'CallModel',
      'CallModelThroughProfile',
    ]);
  }, 120_000);
});
