import { readFileSync } from 'node:fs';
import { keyVariablesOf, cacheVariablesOf, modelsOf, type ScoringConfig } from '@touchstone/run';
import { sha256 } from '@touchstone/store';
import { type Document, parseAllDocuments, visit } from 'yaml';
import { egressTo, type EgressRule } from './egress.js';
import type { FleetPlan } from './replicas.js';

/** Holds the key that requests to a server must carry. */
export const KEY_VARIABLE = 'TOUCHSTONE_REWARD_KEY';
/** Of the Redis that comes with the servers. */
const REDIS_PASSWORD = 'REDIS_PASSWORD';
/** Where `redis.yaml` listens. */
const REDIS_PORT = 6379;
/** Of an existing Redis, plain and with TLS as most services have it. */
const REDIS_PORTS = [REDIS_PORT, 6380];

/** Of the package: `templates/` lies beside `src/` and `dist/`. */
const TEMPLATES = new URL('../../templates/fleet/', import.meta.url);

export const fleetTemplate = (name: string): string => readFileSync(new URL(name, TEMPLATES), 'utf8');

const LONGEST_NAME = 40;

/** What objects in Kubernetes are called: lower case, short enough for what is hung on to it. */
export function fleetName({ name }: Pick<ScoringConfig, 'name'>): string {
  const plain = `reward-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.replaceAll(/^-+|-+$/g, '');
  if (plain.length <= LONGEST_NAME) return plain;
  // Two names that begin alike would be one fleet, and the second judge would take the place of the first.
  const end = `-${sha256(name).slice(0, 8)}`;
  return plain.slice(0, LONGEST_NAME - end.length).replace(/-+$/, '') + end;
}

export interface Fleet {
  config: ScoringConfig;
  plan: FleetPlan;
  /** Answers of a group must meet in one server: there is one, and never two. */
  gathers: boolean;
  /** With its tag. */
  image: string;
  /** A Redis comes with the servers; else the Secret has the address of one. */
  ownRedis: boolean;
}

/** What the Secret must hold: the server's key, the providers', and Redis' password or address. */
export function secretsOf({ config, ownRedis }: Pick<Fleet, 'config' | 'ownRedis'>): string[] {
  const redis = cacheVariablesOf(config.judge);
  const keys = keyVariablesOf(config.judge);
  const hasRedis = ownRedis && redis.length > 0;
  return [
    KEY_VARIABLE,
    ...keys.filter((key) => !hasRedis || !redis.includes(key)),
    ...(hasRedis ? [REDIS_PASSWORD] : []),
  ];
}

/**
 * The manifests of a fleet by file name: plain text for `kubectl apply`, and nothing of ours in the cluster but the image. No key is
 * in them.
 *
 * @throws {InputError} as `egressTo`.
 */
export function manifestsOf(fleet: Fleet): Record<string, string> {
  const { config, plan, gathers, ownRedis } = fleet;
  const name = fleetName(config);
  const redis = cacheVariablesOf(config.judge);
  const hasRedis = ownRedis && redis.length > 0;
  const fill = (file: string, edit: (documents: Record<string, Document>) => void = () => {}): string => {
    const documents = parseAllDocuments(fleetTemplate(file)) as Document[];
    edit(Object.fromEntries(documents.map((one) => [String(one.get('kind')), one])));
    for (const one of documents) {
      visit(one, {
        Scalar(_, node) {
          if (typeof node.value !== 'string') return;
          node.value = node.value.replaceAll('__NAME__', name).replaceAll('__IMAGE__', fleet.image);
        },
      });
    }
    return documents.map((one) => one.toString({ lineWidth: 0 })).join('');
  };
  return {
    'kubernetes/server.yaml': fill('kubernetes/server.yaml', ({ Deployment: deployment }) => {
      const env = envOf(fleet, name);
      deployment!.setIn(['spec', 'template', 'spec', 'containers', 0, 'env'], deployment!.createNode(env));
      if (gathers) {
        deployment!.setIn(['spec', 'replicas'], 1);
        // Never two at once, between which a group could be divided.
        deployment!.setIn(['spec', 'strategy'], deployment!.createNode({ type: 'Recreate' }));
      }
    }),
    'kubernetes/network-policy.yaml': fill('kubernetes/network-policy.yaml', ({ NetworkPolicy: policy }) => {
      const rules = [...redisRules(redis, hasRedis, name), ...egressTo(modelsOf(config.judge))];
      for (const rule of rules) policy!.addIn(['spec', 'egress'], policy!.createNode(rule));
    }),
    ...(hasRedis ? { 'kubernetes/redis.yaml': fill('kubernetes/redis.yaml') } : {}),
    ...(gathers
      ? {}
      : {
          'kubernetes/autoscaler.yaml': fill(
            'kubernetes/autoscaler.yaml',
            ({ HorizontalPodAutoscaler: scaler }) => {
              scaler!.setIn(['spec', 'minReplicas'], plan.replicas);
              scaler!.setIn(['spec', 'maxReplicas'], plan.maxReplicas);
              const target = ['spec', 'metrics', 0, 'pods', 'target', 'averageValue'];
              scaler!.setIn(target, `${plan.inFlightTarget}`);
            },
          ),
        }),
    'prometheus/pod-monitor.yaml': fill('prometheus/pod-monitor.yaml'),
    ...(gathers ? {} : { 'prometheus/adapter-values.yaml': fleetTemplate('prometheus/adapter-values.yaml') }),
  };
}

function envOf(fleet: Fleet, name: string): object[] {
  const { config, ownRedis } = fleet;
  const isOfAws = modelsOf(config.judge).some(({ provider }) => provider.name === 'bedrock');
  const secret = (key: string, more: object = {}) => ({
    name: key,
    valueFrom: { secretKeyRef: { name, key, ...more } },
  });
  return [
    ...secretsOf(fleet).map((key) => secret(key)),
    // Some ways to give a pod credentials of AWS set it, others do not.
    ...(isOfAws ? [secret('AWS_REGION', { optional: true })] : []),
    ...(ownRedis
      ? [...new Set(cacheVariablesOf(config.judge))].map((variable) => ({
          name: variable,
          value: `redis://:$(${REDIS_PASSWORD})@${name}-redis:${REDIS_PORT}`,
        }))
      : []),
  ];
}

function redisRules(variables: readonly string[], isOwn: boolean, name: string): EgressRule[] {
  if (variables.length === 0) return [];
  const ports = (isOwn ? [REDIS_PORT] : REDIS_PORTS).map((port) => ({ protocol: 'TCP', port }));
  if (!isOwn) return [{ ports }];
  return [{ to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': `${name}-redis` } } }], ports }];
}
