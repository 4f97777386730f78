import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const PYTHON = fileURLToPath(new URL('../../../../.cache/python/bin/python', import.meta.url));
const SCRIPT = fileURLToPath(new URL('./check-requests.py', import.meta.url));

/** Why requests cannot be checked here; undefined: they can. */
export const WITHOUT_BOTOCORE = existsSync(PYTHON)
  ? undefined
  : 'botocore is not here; node scripts/python-tools.mjs';

/** A request to AWS by the names of its service model: `sagemaker`, `CreateTrainingJob`. */
export interface AwsRequest {
  service: string;
  operation: string;
  params: unknown;
}

/** Holds requests against the models that botocore has of AWS's services, in a process of Python. */
export class RequestChecker {
  private readonly child: ChildProcessByStdio<Writable, Readable, null> = spawn(PYTHON, [SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  private readonly answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  private last: Promise<unknown> = Promise.resolve();

  /** What is wrong with it; nothing: it is one that AWS takes. */
  async problems(request: AwsRequest): Promise<string[]> {
    const answer = this.last.then(async () => {
      this.child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value } = await this.answers.next();
      return JSON.parse(value as string) as string[];
    });
    this.last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.stdin.end();
    await gone;
  }
}
