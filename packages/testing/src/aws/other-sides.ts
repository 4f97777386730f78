import type { IncomingMessage } from 'node:http';
import { AwsFault, type Call } from './call.js';

/** CloudWatch's logs of training jobs. */
export class LogsSide {
  private readonly streams = new Map<string, string[]>();

  /** Places in a log that were given before are not known any more. */
  private day = 0;
  expire(): void {
    this.day += 1;
  }

  append(stream: string, lines: readonly string[]): void {
    this.streams.set(stream, [...(this.streams.get(stream) ?? []), ...lines]);
  }

  answer(operation: string, body: Record<string, string>): unknown {
    if (operation === 'DescribeLogStreams') {
      if (this.streams.size === 0)
        throw new AwsFault('ResourceNotFoundException', 'The specified log group does not exist.');
      const names = [...this.streams.keys()].filter((name) => name.startsWith(body['logStreamNamePrefix']!));
      return { logStreams: names.map((logStreamName) => ({ logStreamName })) };
    }
    if (operation === 'GetLogEvents') {
      const lines = this.streams.get(body['logStreamName']!);
      if (!lines) throw new AwsFault('ResourceNotFoundException', 'The specified log stream does not exist.');
      // Pages of three, so that what reads a page reads on.
      const [day, at] = (body['nextToken'] ?? `${this.day}/0`).split('/').map(Number) as [number, number];
      if (day !== this.day)
        throw new AwsFault('InvalidParameterException', 'The specified nextToken is invalid.');
      const from = at;
      const events = lines
        .slice(from, from + 3)
        .map((message) => ({ message, timestamp: 1, ingestionTime: 1 }));
      return { events, nextForwardToken: `${this.day}/${from + events.length}` };
    }
    throw new AwsFault('UnknownOperationException', `the simulator does not know ${operation}`);
  }
}

/** Functions of Lambda, by name. */
export class LambdaSide {
  private readonly functions = new Map<string, (event: unknown) => unknown>();

  /** @param handler what it throws is the function's own error. */
  add(name: string, handler: (event: unknown) => unknown): void {
    this.functions.set(name, handler);
  }

  call(request: IncomingMessage, url: URL, body: Buffer): Call {
    const name = decodeURIComponent(url.pathname.split('/')[3]!);
    const plain = /:function:([\w-]+)/.exec(name)?.[1] ?? name;
    const handler = this.functions.get(plain);
    return {
      service: 'lambda',
      operation: request.method === 'GET' ? 'GetFunction' : 'Invoke',
      run: () => {
        if (!handler) throw new AwsFault('ResourceNotFoundException', `Function not found: ${name}`, 404);
        if (request.method === 'GET') {
          // Its zip is where a test has put it, in the simulator's own S3.
          const Location = `http://${request.headers.host}/functions/${plain}.zip`;
          return {
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ Code: { Location } }),
          };
        }
        const headers = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
        try {
          const answer: unknown = handler(JSON.parse(body.toString()));
          return { headers, body: typeof answer === 'string' ? answer : JSON.stringify(answer) };
        } catch (error) {
          const { name: errorType, message: errorMessage } = error as Error;
          return {
            headers: { ...headers, 'x-amz-function-error': 'Unhandled' },
            body: JSON.stringify({ errorType, errorMessage }),
          };
        }
      },
      failed: ({ code, message, status }) => ({
        status: status ?? 400,
        headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
        body: JSON.stringify({ Message: message }),
      }),
    };
  }
}
