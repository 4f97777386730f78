import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, openWorkspace, runPipeline } from '@touchstone/run';
import type { RunEvent, Summary } from '@touchstone/spec';
import { startProvider, type ProviderServer, type SimulatedJob } from '@touchstone/testing';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { makeBundle } from '../bundle.js';
import { checkerHere, QUICK, simulated, type Simulated } from '../jobs/simulated.testing.js';
import { hosted } from './backend.js';
import type { Service } from './service.js';

/*
 * Whole runs on a simulator of AWS: its requests are held against botocore's models where these are here. The base and what came out are
 * a simulator of a provider, which speaks Bedrock's Converse.
 */

export const STEPS = 6;

/** What tests of whole runs share: a simulator for each test, and a provider for all of them. */
export class Trainings {
  readonly folder = mkdtempSync(join(tmpdir(), 'touchstone-aws-'));
  provider!: ProviderServer;
  here!: Simulated;
  /** What each job does that is started. */
  onJob: (job: SimulatedJob) => void = () => {};

  private constructor() {}

  /** At the top of a file of tests. */
  static inThisFile(): Trainings {
    const trainings = new Trainings();
    let checker: ReturnType<typeof checkerHere>;
    beforeAll(async () => {
      process.env['TOUCHSTONE_TEST_KEY'] = 'simulated';
      checker = checkerHere();
      trainings.provider = await startProvider({
        respond: ({ model }) => (model?.startsWith('arn:') ? 'a longer answer' : 'short'),
        sampleOf: ({ model, request, prompt }) => JSON.stringify([model, request.seed, prompt]),
      });
    });
    afterAll(async () => {
      await trainings.provider.goDown();
      await checker?.close();
      rmSync(trainings.folder, { recursive: true, force: true });
    });
    beforeEach(async () => {
      const here = await simulated(checker, (job) => trainings.onJob(job));
      here.aws.iam.trusted.set('training', ['sagemaker.amazonaws.com', 'bedrock.amazonaws.com']);
      here.aws.lambda.add('SageMaker-reward', (event) =>
        (event as { id: string }[]).map(({ id }) => ({ id, aggregate_reward_score: 0 })),
      );
      trainings.here = here;
    });
    afterEach(() => trainings.here.close());
    return trainings;
  }

  /** A configuration in a folder of its own. @param more of `training.aws`; changed: sections in place of others. */
  write(name: string, backend: string, more: object = {}, changed: object = {}): string {
    const at = join(this.folder, name);
    mkdirSync(at, { recursive: true });
    const tasks = (kind: string, numbers: number[]) =>
      numbers
        .map((n) =>
          JSON.stringify({
            id: `${kind}${n}`,
            messages: [{ role: 'user', content: `Count to ${n}.` }],
            reference_answer: `${n}`,
          }),
        )
        .join('\n');
    writeFileSync(join(at, 'train.jsonl'), tasks('t', [1, 2, 3, 4]));
    writeFileSync(join(at, 'eval.jsonl'), tasks('e', [5, 6, 7, 8]));
    writeFileSync(
      join(at, 'judge.mjs'),
      'export default (rollouts) => rollouts.map(({ response }) => ({ score: response.length / 20 }));',
    );
    // YAML reads JSON.
    writeFileSync(
      join(at, 'touchstone.yaml'),
      JSON.stringify({
        output: 'out',
        policy: {
          model: 'bedrock:us.amazon.nova-2-lite-v1:0',
          max_tokens: 64,
          calls: {
            base_url: this.provider.origin,
            api_key_env: 'TOUCHSTONE_TEST_KEY',
            price: { input: 1, output: 2 },
          },
        },
        data: { train: 'train.jsonl', eval: 'eval.jsonl' },
        judge: { kind: 'code', module: './judge.mjs' },
        gate: 'off',
        training: {
          backend,
          steps: STEPS,
          prompts_per_step: 2,
          group_size: 8,
          learning_rate: 1e-5,
          kl_coefficient: 0,
          aws: {
            region: 'us-east-1',
            role: 'arn:aws:iam::123456789012:role/training',
            storage: 's3://bucket/rft',
            reward_function: 'arn:aws:lambda:us-east-1:123456789012:function:SageMaker-reward',
            ...more,
          },
        },
        evaluation: { samples: 1, best_of: 1 },
        ...changed,
      }),
    );
    return at;
  }

  async run(
    at: string,
    { service }: { service: Service },
    onEvent: (event: RunEvent) => void = () => {},
  ): Promise<Summary> {
    const workspace = await openWorkspace(await loadConfig(at));
    try {
      return await runPipeline(workspace, {
        onEvent,
        backends: [hosted(service, QUICK)],
        reasons: { noGate: 'only a test' },
      });
    } finally {
      workspace.store.close();
    }
  }

  /** Deploys the reward of a configuration, or of another one. */
  async deployReward(at: string): Promise<void> {
    const { zip } = await makeBundle(await loadConfig(at));
    this.here.aws.s3.objects.set('functions/SageMaker-reward.zip', Buffer.from(zip));
  }

  /** Questions that the provider was asked. */
  calls(): number {
    return this.provider.provider.ledger.counts.calls;
  }

  /** How often AWS was asked for an operation. */
  count(operation: string): number {
    return this.here.aws.asked.filter((one) => one === operation).length;
  }
}
