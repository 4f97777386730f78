import { expect, it } from 'vitest';
import { consistencyProblems } from './consistency.js';
import { GOOD } from './good.testing.js';
import { parseConfig } from './load.js';

/** Of the good configuration with another policy and more keys. */
function problems(policy: string, more = ''): string[] {
  const text = GOOD.replace('policy:\n  model: local:models/policy', `policy: ${policy}`) + more;
  const { config, source } = parseConfig(text, 't.yaml');
  return consistencyProblems(config, source).map(({ message }) => message);
}

const LOCAL = '{ model: local:models/policy }';
const AWS =
  'aws: { region: us-east-1, role: arn:aws:iam::1:role/r, storage: s3://bucket/rft, reward_function: arn:aws:lambda:us-east-1:1:function:f }';
const HOSTED = '{ model: bedrock:amazon.nova-2-lite-v1:0 }';

it.each([
  ['a model of this machine here', LOCAL, '', []],
  ['a model of AWS there', HOSTED, `training: { backend: bedrock, ${AWS} }\n`, []],
  [
    'noise of a judge that is measured nowhere',
    LOCAL,
    'training: { deviation: group, deviation_floor: judge }\nvalidation: { repeats: 1 }\n',
    [
      expect.stringMatching(
        /^training\.deviation_floor: the noise of the judge is measured on data\.labelled/,
      ),
    ],
  ],
  [
    'noise of a judge of which a formula makes something',
    LOCAL,
    "training: { algorithm: dpo, margin: judge }\nreward: { formula: { expression: 'judge ^ 2' } }\n",
    [
      expect.stringMatching(/^training\.margin: the noise of the judge is measured/),
      expect.stringMatching(/^training\.margin: how much of the noise/),
    ],
  ],
  [
    'a model of AWS there, in no account',
    HOSTED,
    'training: { backend: bedrock }\n',
    ['training.backend: set training.aws, the account that bedrock trains in'],
  ],
  [
    'a model of AWS here',
    HOSTED,
    '',
    [expect.stringContaining('policy.model: training.backend embedded trains a model of this machine')],
  ],
  [
    'a model of this machine there',
    LOCAL,
    `training: { backend: sagemaker-nova, ${AWS} }\n`,
    [expect.stringContaining('policy.model: training.backend sagemaker-nova trains a model that AWS has')],
  ],
  [
    'limits of an API for a model of this machine',
    LOCAL.replace(' }', ', calls: { concurrency: 2 } }'),
    '',
    ['policy.calls: a model of this machine has no use for it'],
  ],
  [
    'two temperatures, of which one would be overlooked',
    HOSTED.replace(' }', ', calls: { temperature: 0 } }'),
    `training: { backend: bedrock, ${AWS} }\n`,
    [expect.stringContaining('policy.calls.temperature: answers are drawn at policy.temperature')],
  ],
  [
    'answers that would be too old',
    LOCAL,
    'training: { type: off_policy_async, age_tolerance: 2, refit_freq: 4 }\n',
    [expect.stringContaining('training.type: refit_freq 4 has the same weights draw for 4 steps')],
  ],
  [
    "the same numbers in AWS's unit, whichever that is",
    HOSTED,
    `training: { backend: sagemaker-nova, type: off_policy_async, age_tolerance: 2, refit_freq: 4, ${AWS} }\n`,
    [],
  ],
  [
    'an age where nothing ages',
    LOCAL,
    'training: { age_tolerance: 2 }\n',
    ['training.age_tolerance: set training.type to off_policy_async, which it is for'],
  ],
  [
    'checkpoints that are scored, by the engine that scores them',
    LOCAL,
    'training: { save_top_k: 3, validation_tasks: 8, patience: 2 }\n',
    [],
  ],
  [
    'checkpoints that another trainer would not score',
    LOCAL,
    'training: { backend: trl, save_top_k: 3 }\n',
    [
      expect.stringContaining(
        'training.save_top_k: the engine of this package scores its checkpoints, and trl',
      ),
    ],
  ],
  [
    'patience with nothing to wait for',
    LOCAL,
    'training: { patience: 2 }\n',
    ['training.patience: set training.save_top_k, with which checkpoints are scored'],
  ],
])('what makes sense together: %s', (_, policy, more, expected) => {
  expect(problems(policy, more)).toEqual(expected);
});
