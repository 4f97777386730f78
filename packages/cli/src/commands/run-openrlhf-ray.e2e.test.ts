import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CPU, missingOpenRlhf, PYTHON, pythonWithoutGpu } from './openrlhf-python.testing.js';
import { startRay, type RayCluster } from './ray-cluster.testing.js';
import { change, running, summaryOf, train } from './small-run.testing.js';
import { startTrlJudge } from './trl-run.testing.js';

const why = missingOpenRlhf();

describe.skipIf(why)(
  `touchstone run with backend: openrlhf on Ray${why ? ` (skipped: ${why})` : ''}`,
  { timeout: 900_000 },
  () => {
    let judge: Awaited<ReturnType<typeof startTrlJudge>>;
    let cluster: RayCluster;
    const withoutGpu = pythonWithoutGpu();
    beforeAll(async () => {
      // Actors have the environment of the cluster.
      vi.stubEnv('PYTHONPATH', CPU);
      [judge, cluster] = await Promise.all([
        startTrlJudge(),
        startRay(dirname(PYTHON!), { cpus: 2, gpus: 2 }),
      ]);
      vi.stubEnv('RAY_AUTH_TOKEN', cluster.token);
    }, 300_000);
    afterAll(async () => {
      await cluster?.stop();
      await judge?.endpoint.goDown();
      withoutGpu.remove();
      vi.unstubAllEnvs();
    }, 60_000);

    it('goes from gate to report as a job of the cluster, whose actors find the files of the job', async () => {
      const folder = await judge.prepare({
        backend: 'openrlhf',
        openrlhf: { python: withoutGpu.path, gpus_per_node: 2 },
        ray: { address: cluster.address },
        steps: 2,
        prompts_per_step: 2,
        group_size: 4,
        checkpoint_every: 1,
      });
      const { code, err } = await train(folder);
      if (code !== 0) throw new Error(err);
      expect(summaryOf(folder).training).toMatchObject({ engine: { name: 'openrlhf' }, steps: 2 });
      const job = JSON.parse(readFileSync(join(folder, 'openrlhf/job.json'), 'utf8')) as {
        ray: { submission_id: string };
      };
      expect(await cluster.ask('GET', `/api/jobs/${job.ray.submission_id}`)).toMatchObject({
        status: 'SUCCEEDED',
      });
    });

    it('asks for GPUs that the cluster lacks, and is told before anything is paid for', async () => {
      const folder = await judge.prepare({
        backend: 'openrlhf',
        openrlhf: { python: withoutGpu.path, gpus_per_node: 4 },
        ray: { address: cluster.address },
      });
      change(folder, (config) => Object.assign(config['training']!, { prompts_per_step: 2, group_size: 4 }));
      const { ended } = running('doctor', folder);
      expect((await ended).out).toMatch(/2 GPUs are there and training.openrlhf asks for 4/);
    });
  },
);
