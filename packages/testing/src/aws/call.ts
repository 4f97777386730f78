/** An error that AWS answers with. */
export class AwsFault extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A request by its names in AWS's models. */
export interface Call {
  service: string;
  operation: string;
  /** Undefined: it is not held against a model. */
  params?: unknown;
  run(): Reply | Promise<Reply>;
  /** An error in the words of this service's protocol. */
  failed(fault: AwsFault): Reply;
}

/** A request of a service that speaks JSON. */
export function jsonCall(answer: () => unknown): Pick<Call, 'run' | 'failed'> {
  const headers = { 'content-type': 'application/json' };
  return {
    run: () => ({ headers, body: JSON.stringify(answer() ?? {}) }),
    failed: ({ code, message, status }) => ({
      status: status ?? 400,
      headers: { ...headers, 'x-amzn-errortype': code },
      body: JSON.stringify({ __type: code, message }),
    }),
  };
}
