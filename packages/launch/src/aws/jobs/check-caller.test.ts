import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { ACCESS, NOVA } from './examples.testing.js';
import { callerPolicy, checkCaller, type CallerCheck } from './index.js';
import { checkerHere, type Simulated, simulated } from './simulated.testing.js';

const checker = checkerHere();
let here: Simulated;
beforeEach(async () => void (here = await simulated(checker)));
afterEach(() => here.close());
afterAll(() => checker?.close());

const NEEDS = callerPolicy({ ...ACCESS, mlflowArn: null }, NOVA.roleArn, []);
const check = (): Promise<CallerCheck> => checkCaller(here.clients, NEEDS);
const ROLE = 'arn:aws:iam::123456789012:role/people/developer';
const USER = 'arn:aws:iam::123456789012:user/ann';

it('a session is taken for its role, which has a path that the session does not tell', async () => {
  expect(await check()).toEqual({ arn: ROLE, problems: [], doubts: [], unchecked: [] });
  here.aws.iam.lacks.set(ROLE, ['sagemaker:CreateTrainingJob', 'iam:PassRole', 's3:PutObject']);
  const { problems, doubts } = await check();
  expect(problems).toEqual([
    `iam:PassRole on ${NOVA.roleArn} is not allowed to ${ROLE}: add the statement PassRole that --plan writes`,
    `sagemaker:CreateTrainingJob on arn:aws:sagemaker:us-east-1:123456789012:training-job/ts-* is not allowed to ${ROLE}: add the statement Train that --plan writes`,
  ]);
  // A bucket may allow it by a policy of its own.
  expect(doubts).toEqual([expect.stringMatching(/^s3:PutObject on .*rft\/\* is not allowed/)]);
});

it('what a statement says no to nothing else allows', async () => {
  here.aws.iam.caller = USER;
  here.aws.iam.forbidden.add('s3:PutObject');
  const { arn, problems, doubts } = await check();
  expect([arn, doubts]).toEqual([USER, []]);
  expect(problems).toEqual([expect.stringContaining(`s3:PutObject on `)]);
  expect(problems[0]).toContain(`is forbidden to ${USER}`);
});

it.each([
  { caller: 'arn:aws:iam::123456789012:root', says: /may do everything in its account/ },
  { caller: 'arn:aws:sts::123456789012:federated-user/ann', says: /is no user and no role/ },
])('nothing is simulated of $caller', async ({ caller, says }) => {
  here.aws.iam.caller = caller;
  const { arn, unchecked } = await check();
  expect(arn).toBe(caller);
  expect(unchecked).toEqual([expect.stringMatching(says)]);
  expect(here.aws.asked).toEqual(['GetCallerIdentity']);
});

it.each(['GetCallerIdentity', 'GetRole', 'SimulatePrincipalPolicy'])(
  'where %s is denied, that is said and nothing is refused for it',
  async (operation) => {
    here.aws.fail({ operation, times: 100, error: 'AccessDenied', status: 403 });
    const { problems, doubts, unchecked } = await check();
    expect([problems, doubts]).toEqual([[], []]);
    expect(unchecked).toEqual([expect.stringMatching(/AccessDenied.*whoever asks.*lacks this permission/)]);
  },
);
