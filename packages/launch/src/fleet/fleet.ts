import type { Certificate } from '@touchstone/lab';
import type { Loaded, ScoringConfig } from '@touchstone/run';
import { makeApp } from './app.js';
import { assertFleet } from './assert-fleet.js';
import { demandOf, type Use } from './demand.js';
import { fleetTemplate, manifestsOf, type Fleet } from './kubernetes.js';
import { fleetSteps } from './next-steps.js';
import { fleetPlanText } from './plan-text.js';
import { rayScript, raySteps } from './ray.js';
import { planFleet, type Demand, type FleetPlan } from './replicas.js';

export interface FleetOptions {
  certificate: Certificate | null;
  /** The command line's own module. */
  entry: string;
  use: Use;
}

export interface FleetFiles {
  files: Record<string, Uint8Array | string>;
  /** The folder in which nothing else may lie: all of it is carried to where the servers run. */
  carried: string;
  /** SHA-256 of what is in it, hexadecimal. */
  sha256: string;
  demand: Demand;
  plan: FleetPlan;
  planText: string;
}

/**
 * `touchstone reward serve` in Kubernetes as files: the image's definition and content, manifests, and the commands to deploy them.
 *
 * @param kubernetes `image`: where the cluster finds the image, without a tag. `ownRedis`: a Redis comes with the servers.
 * @throws {InputError} the configuration is not one for several servers, or names what they could not reach.
 */
export async function kubernetesFiles(
  loaded: Loaded<ScoringConfig>,
  { image, ownRedis }: Pick<Fleet, 'image' | 'ownRedis'>,
  options: FleetOptions,
): Promise<FleetFiles> {
  const made = await prepare(loaded, options, 'image/app');
  const fleet: Fleet = {
    config: loaded.config,
    plan: made.plan,
    gathers: made.demand.gathers,
    image: `${image}:${made.sha256.slice(0, 16)}`,
    ownRedis,
  };
  Object.assign(made.files, {
    'README.md': fleetSteps(fleet, made.planText),
    'image/Dockerfile': fleetTemplate('image/Dockerfile'),
    'image/.dockerignore': fleetTemplate('image/dockerignore'),
    ...manifestsOf(fleet),
  });
  return made;
}

/**
 * `touchstone reward serve` on Ray Serve as files: what runs, the application, and the commands to start it.
 *
 * @throws {InputError} the configuration is not one for several servers.
 */
export async function rayFiles(loaded: Loaded<ScoringConfig>, options: FleetOptions): Promise<FleetFiles> {
  const made = await prepare(loaded, options, 'app');
  Object.assign(made.files, {
    'README.md': raySteps(loaded.config, made.planText),
    'serve_reward.py': rayScript(loaded.config, made.plan),
  });
  return made;
}

/**
 * What a training asks of the reward, and the servers for it, where those run apart from it; null where the judge declares no limit, by
 * which alone their number is known.
 */
export async function fleetPlanOf(
  loaded: Pick<Loaded<ScoringConfig>, 'config' | 'baseDir'>,
  latency: Demand['latency'],
): Promise<{ plan: FleetPlan; planText: string } | null> {
  // Our trainers' clients send the answers of a group together.
  const demand = await demandOf(loaded, { answers: undefined, latency, wholeGroups: true });
  const isLimited = demand.lanes.some(
    ({ requestsPerMinute, tokensPerMinute }) =>
      requestsPerMinute !== undefined || tokensPerMinute !== undefined,
  );
  if (!isLimited) return null;
  const plan = planFleet(demand);
  return { plan, planText: fleetPlanText(demand, plan) };
}

async function prepare(
  loaded: Loaded<ScoringConfig>,
  { certificate, entry, use }: FleetOptions,
  carried: string,
): Promise<FleetFiles> {
  assertFleet(loaded.config);
  const demand = await demandOf(loaded, use);
  const plan = planFleet(demand);
  const { files, sha256 } = await makeApp(loaded, certificate, entry);
  const inside = Object.entries(files).map(([name, content]) => [`${carried}/${name}`, content]);
  return {
    files: Object.fromEntries(inside) as Record<string, Uint8Array>,
    carried,
    sha256,
    demand,
    plan,
    planText: fleetPlanText(demand, plan),
  };
}
