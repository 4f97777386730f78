import { networkFetch } from '@touchstone/core';
import { z } from 'zod';
import { parseOrNull } from '../../json.js';
import { AwsError } from './errors.js';

const REPLY_MS = 120_000;
/** Entries of a page, the most that is given. */
const PAGE = 100;

const pageOf = <T extends z.ZodType>(entry: T) =>
  z.looseObject({ data: z.array(entry), has_more: z.boolean().nullish() });
export const fileSchema = z.looseObject({
  id: z.string(),
  filename: z.string(),
  bytes: z.number().nullish(),
});

/** Where the API for open-weight models is, and the key of Bedrock that it takes. */
export interface OpenWeightPlace {
  /** See `openWeightUrl`. */
  baseUrl: string;
  key: string;
}

/** Bedrock's API with OpenAI's words. */
export class OpenWeightApi {
  private readonly base: string;
  private readonly headers: Record<string, string>;

  constructor(private readonly place: OpenWeightPlace) {
    const { baseUrl, key } = place;
    this.base = baseUrl.replace(/\/+$/, '');
    this.headers = { authorization: `Bearer ${key}`, accept: 'application/json' };
  }

  /** Whether the key is taken for training. @throws {AwsError} it is not, or nobody answers. */
  async assertOpen(): Promise<void> {
    await this.ask('GET', '/fine_tuning/jobs?limit=1', z.looseObject({ data: z.array(z.unknown()) }));
  }

  /** All entries of a list. */
  async all<T extends z.ZodType<{ id: string }>>(path: string, entry: T): Promise<z.output<T>[]> {
    let found: z.output<T>[] = [];
    for (let after = ''; ;) {
      const page = await this.ask(
        'GET',
        `${path}?limit=${PAGE}${after === '' ? '' : `&after=${after}`}`,
        pageOf(entry),
      );
      found = [...found, ...page.data];
      const last = page.data.at(-1)?.id;
      if (page.has_more !== true || last === undefined || last === after) return found;
      after = last;
    }
  }

  async upload(filename: string, text: string): Promise<z.output<typeof fileSchema>> {
    const boundary = `touchstone-${crypto.randomUUID()}`;
    const part = (disposition: string, body: string): string =>
      `--${boundary}\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${body}\r\n`;
    const body = `${part('name="purpose"', 'fine-tune')}${part(`name="file"; filename="${filename}"`, text)}--${boundary}--\r\n`;
    return this.send('POST', '/files', fileSchema, body, `multipart/form-data; boundary=${boundary}`);
  }

  async ask<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
    return this.send(
      method,
      path,
      schema,
      body === undefined ? undefined : JSON.stringify(body),
      'application/json',
    );
  }

  /** @throws {AwsError} it says no, is out of reach, or says what is not known here. */
  private async send<T>(
    method: 'GET' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    body: string | undefined,
    type: string,
  ): Promise<T> {
    const what = `could not ask ${this.base}${path}`;
    let text: string;
    let status: number;
    try {
      const reply = await networkFetch(`${this.base}${path}`, {
        method,
        headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(REPLY_MS),
      });
      ({ status } = reply);
      // An echo of what was sent must not bring the key into a message.
      text = (await reply.text()).replaceAll(this.place.key, '[key]');
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new AwsError(
        `${what}: out of reach (${code ?? message}). What runs at AWS goes on`,
        code ?? 'unreached',
        true,
        cause,
      );
    }
    const { success, data } = schema.safeParse(parseOrNull(text));
    if (status === 200 && success) return data;
    const toDo =
      status === 401 || status === 403
        ? 'make a new key of Bedrock and set AWS_BEARER_TOKEN_BEDROCK; its user needs AmazonBedrockMantleFullAccess and lambda:InvokeFunction on the reward function'
        : status === 429
          ? 'AWS is asked too often, or a quota is used up: run the same command again in some minutes'
          : 'look at what it says';
    throw new AwsError(
      `${what}: HTTP ${status}, ${text.slice(0, 300)}. To do: ${toDo}`,
      `HTTP ${status}`,
      status === 429 || status >= 500 || status === 200,
      null,
    );
  }
}
