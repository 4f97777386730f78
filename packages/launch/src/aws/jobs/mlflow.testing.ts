import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PYTHON = process.env['TOUCHSTONE_MLFLOW_PYTHON'];
const ENDPOINT = 'SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT';
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'nobody', AWS_SECRET_ACCESS_KEY: 'nothing' };

/** Why no server of MLflow can be started here; undefined: one can. It wants some 700 MB of Python, which no other test uses. */
export const WITHOUT_MLFLOW =
  PYTHON !== undefined && existsSync(PYTHON)
    ? undefined
    : 'set TOUCHSTONE_MLFLOW_PYTHON to a Python in which mlflow is installed';

/** A server of MLflow in place of SageMaker's, for this process too. */
export async function startMlflow(): Promise<{
  /** Logs two figures of each step, the second of which is no number. */
  log(experiment: string, run: string, steps: number): Promise<void>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'touchstone-mlflow-'));
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const url = `http://127.0.0.1:${port}`;
  const store = `sqlite:///${join(folder, 'mlflow.db')}`;
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', `${port}`, '--workers', '1'];
  const server = spawn(PYTHON!, [...args, '--backend-store-uri', store], {
    cwd: folder,
    env: { ...process.env, MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    stdio: 'ignore',
    detached: true,
  });
  while (!(await fetch(`${url}/health`).catch(() => undefined))?.ok)
    await new Promise((resolve) => setTimeout(resolve, 200));
  const env = { [ENDPOINT]: url, ...CREDENTIALS };
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  const post = async (path: string, body: object): Promise<Record<string, Record<string, unknown>>> => {
    const reply = await fetch(`${url}/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!reply.ok) throw new Error(`${path}: HTTP ${reply.status}, ${await reply.text()}`);
    return (await reply.json()) as Record<string, Record<string, unknown>>;
  };
  return {
    async log(experiment, name, steps) {
      const { experiment_id } = (await post('experiments/create', { name: experiment })) as Record<
        string,
        unknown
      >;
      const { run } = await post('runs/create', { experiment_id, run_name: name, start_time: 1 });
      const { run_id } = run!['info'] as { run_id: string };
      const metric = (key: string, value: number | string, step: number) => ({
        key,
        value,
        step,
        timestamp: step,
      });
      for (let first = 1; first <= steps; first += 1000) {
        const metrics = Array.from({ length: Math.min(1000, steps - first + 1) }, (_, i) =>
          metric('critic/rewards/mean', (first + i) / 2, first + i),
        );
        await post('runs/log-batch', { run_id, metrics });
      }
      await post('runs/log-batch', { run_id, metrics: [metric('actor/kl loss', 'NaN', steps)] });
    },
    async close() {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
      const gone = once(server, 'exit');
      // The server and its worker.
      process.kill(-server.pid!, 'SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
