import type { Certificate } from '@touchstone/lab';
import type { Loaded, ScoringConfig } from '@touchstone/run';
import { makeApp } from './app.js';
import { assertFleet } from './assert-fleet.js';
import { demandOf, type Use } from './demand.js';
import { fleetTemplate, manifestsOf, type Fleet } from './kubernetes.js';
import { fleetSteps } from './next-steps.js';
import { fleetPlanText } from './plan-text.js';
import { planFleet, type Demand, type FleetPlan } from './replicas.js';

/** Where the image's content lies; whatever is in it goes into the image. */
export const APP_FOLDER = 'image/app';

export interface FleetOptions {
  certificate: Certificate | null;
  /** The command line's own module. */
  entry: string;
  /** Where the cluster finds the image, without a tag. */
  image: string;
  ownRedis: boolean;
  use: Use;
}

export interface FleetFiles {
  files: Record<string, Uint8Array | string>;
  /** With its tag, which is the hash of what is in it. */
  image: string;
  demand: Demand;
  plan: FleetPlan;
  planText: string;
}

/**
 * `touchstone reward serve` in Kubernetes as files: the image's definition and content, manifests, and the commands to deploy them.
 *
 * @throws {InputError} the configuration is not one for several servers, or names what they could not reach.
 */
export async function fleetFiles(loaded: Loaded<ScoringConfig>, options: FleetOptions): Promise<FleetFiles> {
  const { config } = loaded;
  assertFleet(config);
  const demand = await demandOf(loaded, options.use);
  const plan = planFleet(demand);
  const app = await makeApp(loaded, options.certificate, options.entry);
  const image = `${options.image}:${app.sha256.slice(0, 16)}`;
  const fleet: Fleet = { config, plan, gathers: demand.gathers, image, ownRedis: options.ownRedis };
  const planText = fleetPlanText(demand, plan);
  const inImage = Object.entries(app.files).map(([name, content]) => [`${APP_FOLDER}/${name}`, content]);
  return {
    files: {
      'README.md': fleetSteps(fleet, planText),
      'image/Dockerfile': fleetTemplate('image/Dockerfile'),
      'image/.dockerignore': fleetTemplate('image/dockerignore'),
      ...(Object.fromEntries(inImage) as Record<string, Uint8Array>),
      ...manifestsOf(fleet),
    },
    image,
    demand,
    plan,
    planText,
  };
}
