import { bedrockAccess, type Statement } from './bedrock-access.js';
import { type ScoringConfig, keyVariablesOf, modelsOf } from '@touchstone/run';

/** Where the zip is looked for in the bucket: its name changes with its content, so that an update is noticed. */
export function codeKey(sha256: string): string {
  return `touchstone/${sha256.slice(0, 16)}.zip`;
}

/** Lambda's limit is 64 characters; AWS's execution roles reach only names that hold exactly `SageMaker`. */
export function defaultFunctionName({ name }: Pick<ScoringConfig, 'name'>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
  return `SageMaker-reward-${plain}`.slice(0, 64);
}

/**
 * The CloudFormation template of a reward function: plain text, for `aws cloudformation deploy` and nothing else. It
 * makes the function with its log and role, an alias with provisioned concurrency, a policy to invoke it, and, where a
 * bucket is named, execution roles for SageMaker and Bedrock. No key is in it.
 *
 * @param sha256 of the zip, hexadecimal. A new one publishes a new version.
 */
export function templateOf(config: ScoringConfig, sha256: string): string {
  const models = modelsOf(config.judge);
  const needsKey = keyVariablesOf(config.judge).length > 0;
  const version = `Version${sha256.slice(0, 16)}`;
  return `# Made by "touchstone reward bundle". Deploy it as README.txt says.
AWSTemplateFormatVersion: '2010-09-09'
Description: Reward function for reinforcement fine-tuning (Touchstone)

Parameters:
  CodeBucket:
    Type: String
    Description: S3 bucket of this region that holds the code, at ${codeKey(sha256)}
  FunctionName:
    Type: String
    Default: ${defaultFunctionName(config)}
    Description: Must hold "SageMaker" in exactly this casing, or HyperPod may not invoke the function
    AllowedPattern: '[A-Za-z0-9_-]*SageMaker[A-Za-z0-9_-]*'
    MaxLength: 64
  Timeout:
    Type: Number
    Default: 900
    Description: Seconds; 900 is the most that Lambda allows
    MinValue: 10
    MaxValue: 900
  MemorySize:
    Type: Number
    Default: 512
    Description: Megabytes; the share of a processor grows with it
    MinValue: 128
    MaxValue: 10240
  EphemeralStorage:
    Type: Number
    Default: 512
    Description: Megabytes of /tmp; the function itself writes nothing there
    MinValue: 512
    MaxValue: 10240
  ProvisionedConcurrency:
    Type: Number
    Default: 100
    Description: Instances kept warm behind the alias, billed while the stack exists; 0 for none
    MinValue: 0
  LogRetentionDays:
    Type: Number
    Default: 30
    AllowedValues: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
  DataBucket:
    Type: String
    Default: ''
    Description: Bucket of the training data; without it no execution roles are made
  OutputBucket:
    Type: String
    Default: ''
    Description: Bucket for what training writes; default is DataBucket
${
  needsKey
    ? `  JudgeKeyArn:
    Type: String
    Description: ARN of the Secrets Manager secret or SSM parameter that holds the key of the judge's API
    AllowedPattern: 'arn:aws[a-z-]*:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+|ssm:[a-z0-9-]+:[0-9]{12}:parameter/.+)'
`
    : ''
}
Conditions:
  KeepsWarm: !Not [!Equals [!Ref ProvisionedConcurrency, 0]]
  MakesRoles: !Not [!Equals [!Ref DataBucket, '']]
  HasOutputBucket: !Not [!Equals [!Ref OutputBucket, '']]

Resources:
  LogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/\${FunctionName}
      RetentionInDays: !Ref LogRetentionDays

  FunctionRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Service: lambda.amazonaws.com }
            Action: sts:AssumeRole
      Policies:
        - PolicyName: Reward
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Sid: WriteLog
                Effect: Allow
                Action: [logs:CreateLogStream, logs:PutLogEvents]
                Resource: !GetAtt LogGroup.Arn
${[...bedrockAccess(models).map(statementText), needsKey ? KEY_STATEMENT : ''].join('')}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: !Ref FunctionName
      Description: Scores answers with a language model as the judge
      Runtime: nodejs24.x
      Architectures: [arm64]
      Handler: index.handler
      Code:
        S3Bucket: !Ref CodeBucket
        S3Key: ${codeKey(sha256)}
      Role: !GetAtt FunctionRole.Arn
      Timeout: !Ref Timeout
      MemorySize: !Ref MemorySize
      EphemeralStorage: { Size: !Ref EphemeralStorage }
      LoggingConfig: { LogGroup: !Ref LogGroup }
${
  needsKey
    ? `      Environment:
        Variables: { TOUCHSTONE_JUDGE_KEY_ARN: !Ref JudgeKeyArn }
`
    : ''
}
  # Its name holds the code's hash and its description the settings: a change of either publishes a new version.
  ${version}:
    Type: AWS::Lambda::Version
    Properties:
      FunctionName: !Ref Function
      Description: !Sub '\${MemorySize} MB, \${EphemeralStorage} MB, \${Timeout} s${needsKey ? ', ${JudgeKeyArn}' : ''}'

  Alias:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref Function
      FunctionVersion: !GetAtt ${version}.Version
      ProvisionedConcurrencyConfig: !If
        - KeepsWarm
        - { ProvisionedConcurrentExecutions: !Ref ProvisionedConcurrency }
        - !Ref AWS::NoValue

  # For the roles below, and for execution roles that are there already, such as a HyperPod cluster's.
  InvokePolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Description: Invoke the reward function
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: InvokeReward
            Effect: Allow
            Action: lambda:InvokeFunction
            Resource: [!GetAtt Function.Arn, !Sub '\${Function.Arn}:live']

  DataPolicy:
    Type: AWS::IAM::ManagedPolicy
    Condition: MakesRoles
    Properties:
      Description: Read the training data and write what training makes
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: ListBuckets
            Effect: Allow
            Action: s3:ListBucket
            Resource:
              - !Sub arn:\${AWS::Partition}:s3:::\${DataBucket}
              - !If
                - HasOutputBucket
                - !Sub arn:\${AWS::Partition}:s3:::\${OutputBucket}
                - !Ref AWS::NoValue
          - Sid: ReadData
            Effect: Allow
            Action: s3:GetObject
            Resource: !Sub arn:\${AWS::Partition}:s3:::\${DataBucket}/*
          - Sid: WriteOutput
            Effect: Allow
            Action: [s3:GetObject, s3:PutObject, s3:AbortMultipartUpload]
            Resource: !If
              - HasOutputBucket
              - !Sub arn:\${AWS::Partition}:s3:::\${OutputBucket}/*
              - !Sub arn:\${AWS::Partition}:s3:::\${DataBucket}/*

  SageMakerRole:
    Type: AWS::IAM::Role
    Condition: MakesRoles
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Service: sagemaker.amazonaws.com }
            Action: sts:AssumeRole
            Condition:
              StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }
              ArnLike: { aws:SourceArn: !Sub 'arn:\${AWS::Partition}:sagemaker:\${AWS::Region}:\${AWS::AccountId}:*' }
      ManagedPolicyArns: [!Ref InvokePolicy, !Ref DataPolicy]
      Policies:
        - PolicyName: TrainingJob
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Sid: WriteLogs
                Effect: Allow
                Action: [logs:CreateLogGroup, logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents]
                Resource: !Sub arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/sagemaker/*
              - Sid: ReadTrainingImages
                Effect: Allow
                Action: [ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
                Resource: !Sub arn:\${AWS::Partition}:ecr:\${AWS::Region}:708977205387:repository/nova-*
              # These two know no resources: AWS allows nothing but a star.
              - Sid: LogInToImages
                Effect: Allow
                Action: ecr:GetAuthorizationToken
                Resource: '*'
              - Sid: WriteMetrics
                Effect: Allow
                Action: cloudwatch:PutMetricData
                Resource: '*'
                Condition:
                  StringLike: { cloudwatch:namespace: /aws/sagemaker/* }

  BedrockRole:
    Type: AWS::IAM::Role
    Condition: MakesRoles
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: { Service: bedrock.amazonaws.com }
            Action: sts:AssumeRole
            Condition:
              StringEquals: { aws:SourceAccount: !Ref AWS::AccountId }
              ArnEquals:
                aws:SourceArn: !Sub arn:\${AWS::Partition}:bedrock:\${AWS::Region}:\${AWS::AccountId}:model-customization-job/*
      ManagedPolicyArns: [!Ref InvokePolicy, !Ref DataPolicy]

Outputs:
  FunctionArn:
    Description: Without a qualifier, as the Forge SDK wants it; it does not reach the provisioned concurrency
    Value: !GetAtt Function.Arn
  AliasArn:
    Description: With the provisioned concurrency, for Bedrock and for recipes that take a qualifier
    Value: !Sub \${Function.Arn}:live
  FunctionRoleArn:
    Value: !GetAtt FunctionRole.Arn
  InvokePolicyArn:
    Description: Attach it to an execution role that is there already
    Value: !Ref InvokePolicy
  SageMakerRoleArn:
    Condition: MakesRoles
    Value: !GetAtt SageMakerRole.Arn
  BedrockRoleArn:
    Condition: MakesRoles
    Value: !GetAtt BedrockRole.Arn
`;
}

const KEY_STATEMENT = `              - Sid: ReadJudgeKey
                Effect: Allow
                Action: [secretsmanager:GetSecretValue, ssm:GetParameter]
                Resource: !Ref JudgeKeyArn
`;

function statementText({ sid, actions, resources, condition }: Statement): string {
  const text = (value: string): string => {
    const quoted = `'${value.replaceAll("'", "''")}'`;
    return value.includes('${') ? `!Sub ${quoted}` : quoted;
  };
  return `              - Sid: ${sid}
                Effect: Allow
                Action: [${actions.join(', ')}]
                Resource: [${resources.map(text).join(', ')}]
${condition ? `                Condition:\n                  ${condition[0]}: { ${condition[1]}: ${text(condition[2])} }\n` : ''}`;
}
