import type { JsonObject } from '@touchstone/spec';
import { z } from 'zod';
import { ADAPTERS } from '../adapters/index.js';

/** What the document says of one path. */
export interface Operation {
  name: string;
  method: 'get' | 'post';
  path: string;
  summary: string;
  description?: string;
  /** Needs the server's key, where it has one. */
  secured: boolean;
  request?: z.ZodType;
  /** Absent: text. */
  reply?: z.ZodType;
  /** Statuses of refusals beside those that every path has. */
  refusals: readonly Status[];
  /** What its address may say. */
  parameters?: readonly (keyof typeof PARAMETERS)[];
}

const REFUSALS = {
  400: 'The body, or the address, is wrong; `problems` names each fault',
  401: 'The key is missing or wrong',
  403: 'Without a key the server is for its own machine',
  404: 'There is no such path',
  405: 'The path takes another method',
  413: 'The body is too large, or has too many samples or values; send fewer samples at once',
  415: 'The body is not declared as application/json, or is compressed',
  422: 'The task lacks what the reward needs, and the wire has no word for it',
  500: 'A fault of the server, which it has reported',
  503: 'The judge could not judge, and the wire has no word for it; or the server has too much to do, or is not ready',
} as const;
type Status = keyof typeof REFUSALS;

const ERROR = z.object({
  error: z.object({
    message: z.string(),
    problems: z.array(z.string()).optional().meta({ description: 'Each fault of the input' }),
  }),
});

const novaSample = z
  .looseObject({
    id: z.union([z.string(), z.number()]).optional(),
    messages: z.array(z.unknown()).meta({ description: 'Turns; the last assistant turn is the answer' }),
    reference_answer: z.unknown().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ description: 'A sample of Amazon Nova reinforcement fine-tuning' });

const novaReply = z.array(
  z.object({
    id: z.union([z.string(), z.number()]),
    aggregate_reward_score: z.number(),
    metrics_list: z.array(
      z.object({ name: z.string(), value: z.number(), type: z.enum(['Metric', 'Reward']) }),
    ),
  }),
);

const JUDGING: readonly Status[] = [400, 413, 415, 422, 500, 503];

/** The paths that are no adapter's. */
const OWN_OPERATIONS: readonly Operation[] = [
  {
    name: 'nova',
    method: 'post',
    path: '/',
    summary: 'Amazon Nova reward event',
    description: 'Answers as the AWS Lambda handler does: a bare list, a number for every sample.',
    secured: true,
    request: z.union([z.array(novaSample), novaSample]),
    reply: novaReply,
    refusals: [400, 413, 415, 500, 503],
    parameters: ['deadline_ms'],
  },
  {
    name: 'health',
    method: 'get',
    path: '/health',
    summary: 'The process is alive, and whether its judge is certified',
    secured: false,
    reply: z.object({
      status: z.literal('ok'),
      certificate: z
        .string()
        .nullable()
        .describe('SHA-256 of the certificate that says that the judge may train a model; null: it has none'),
      certificate_eased: z
        .string()
        .nullable()
        .describe(
          'Where the gate behind it asked less than the default one; null: nowhere, or there is none',
        ),
    }),
    refusals: [],
  },
  {
    name: 'ready',
    method: 'get',
    path: '/ready',
    summary: 'Traffic may come',
    description: 'Not while the server ends, nor while its judge cannot be reached.',
    secured: false,
    reply: z.object({ status: z.literal('ready') }),
    refusals: [503],
  },
  {
    name: 'metrics',
    method: 'get',
    path: '/metrics',
    summary: "Measurements in Prometheus' text format",
    secured: true,
    refusals: [500],
  },
  {
    name: 'openapi',
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    secured: false,
    reply: z.looseObject({ openapi: z.string() }),
    refusals: [],
  },
];

/** Everything that the server answers. */
export const OPERATIONS: readonly Operation[] = [
  ...ADAPTERS.map(({ name, path, summary, description, request, reply }): Operation => ({
    name,
    method: 'post',
    path,
    summary,
    description,
    secured: true,
    request,
    reply,
    refusals: JUDGING,
    parameters: ['run', 'group_size', 'deadline_ms'],
  })),
  ...ADAPTERS.flatMap(({ formalities = [] }) =>
    formalities.map(({ name, method, path, summary, reply }): Operation => ({
      name,
      method,
      path,
      summary,
      secured: true,
      reply,
      refusals: [],
    })),
  ),
  ...OWN_OPERATIONS,
];

const PARAMETERS = {
  run: {
    schema: { type: 'string' },
    description: 'Keeps the groups of training runs apart that use one server',
  },
  group_size: {
    schema: { type: 'integer', minimum: 1 },
    description: 'Answers of a whole group, if they come in several requests',
  },
  deadline_ms: {
    schema: { type: 'integer', minimum: 1 },
    description: 'Milliseconds after which what is not judged counts as abstained',
  },
} as const;

/** The OpenAPI 3.1 document of the reward server. */
export function openApiDocument(): JsonObject {
  const schemas: Record<string, unknown> = { Error: schemaOf(ERROR, 'output') };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const name = operation.name.replace(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
    const refer = (kind: 'Request' | 'Reply', schema: z.ZodType): unknown => {
      schemas[`${name}${kind}`] = schemaOf(schema, kind === 'Request' ? 'input' : 'output');
      return { 'application/json': { schema: { $ref: `#/components/schemas/${name}${kind}` } } };
    };
    const { request, reply, secured } = operation;
    paths[operation.path] = {
      [operation.method]: {
        operationId: operation.name,
        summary: operation.summary,
        ...(operation.description === undefined ? {} : { description: operation.description }),
        ...(operation.parameters === undefined
          ? {}
          : {
              parameters: operation.parameters.map((name) => {
                return { name, in: 'query', required: false, ...PARAMETERS[name] };
              }),
            }),
        ...(request === undefined
          ? {}
          : { requestBody: { required: true, content: refer('Request', request) } }),
        responses: {
          200: {
            description: 'Done',
            content:
              reply === undefined ? { 'text/plain': { schema: { type: 'string' } } } : refer('Reply', reply),
          },
          ...Object.fromEntries(
            [...operation.refusals, ...(secured ? ([401, 403] as const) : [])].map((status) => [
              status,
              { $ref: `#/components/responses/${status}` },
            ]),
          ),
        },
        security: secured ? [{ bearer: [] }, { apiKey: [] }, { basic: [] }, {}] : [],
      },
    };
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Touchstone reward server',
      version: '1.0.0',
      description:
        'A reward function on the wires of several trainers. Scores are 0 to 1. A judge that could not judge has no score: each wire says so in its own way.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas,
      responses: Object.fromEntries(
        Object.entries(REFUSALS).map(([status, description]) => [
          status,
          {
            description,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        ]),
      ),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
        basic: {
          type: 'http',
          scheme: 'basic',
          description: 'The key as the password, so that it can stand in an address: http://any:KEY@host/',
        },
      },
    },
  };
  return JSON.parse(JSON.stringify(document)) as JsonObject;
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}
