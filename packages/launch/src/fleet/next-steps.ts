import { modelsOf } from '@touchstone/run';
import { fleetName, secretsOf, type Fleet } from './kubernetes.js';
import { asList } from './plan-text.js';

/** README.md of a fleet: the exact commands from here to scores. */
export function fleetSteps(fleet: Fleet, planText: string): string {
  const { config, image, gathers } = fleet;
  const name = fleetName(config);
  const secrets = secretsOf(fleet);
  const isGenerated = (key: string): boolean => key === 'TOUCHSTONE_REWARD_KEY' || key === 'REDIS_PASSWORD';
  const literals = secrets.map(
    (key) => `--from-literal=${key}="${isGenerated(key) ? '$(openssl rand -hex 32)' : `$${key}`}"`,
  );
  const isOfAws = modelsOf(config.judge).some(({ provider }) => provider.name === 'bedrock');
  return `# The reward "${config.name}" as a fleet

\`image/\` is all that the servers' image is made of; no keys. \`kubernetes/\` has the manifests, \`prometheus/\` what scaling needs besides.
Written by \`touchstone reward bundle\`; change touchstone.yaml and write them again rather than change them.

## How many servers

${asList(planText)}

## Deploy

    NAMESPACE=training

1. The image. Its tag is the hash of its content.

       docker build -t ${image} image && docker push ${image}

2. The keys, which are in no file. The two that are drawn must be letters and digits, as these are.

       kubectl -n $NAMESPACE create secret generic ${name} \\
         ${literals.join(' \\\n         ')}
${isOfAws ? `\n   Credentials of AWS: give the service account ${name} a role that may call bedrock:InvokeModel (EKS Pod Identity, or the\n   annotation eks.amazonaws.com/role-arn), and the Secret AWS_REGION.\n` : ''}
3. The fleet.

       kubectl -n $NAMESPACE apply -f kubernetes
       kubectl -n $NAMESPACE rollout status deployment ${name}

4. Scaling by requests in flight${gathers ? ': there is none, see above. Measurements alone, where the Prometheus Operator runs:' : ', where the Prometheus Operator runs; without it the fleet stays as it is.'}

       kubectl -n $NAMESPACE apply -f prometheus/pod-monitor.yaml
${gathers ? '' : '       helm upgrade --install prometheus-adapter prometheus-community/prometheus-adapter -f prometheus/adapter-values.yaml\n'}
5. A score, from your own machine. \`port-forward\` passes the network policy by; a trainer's pods need the label touchstone-client=${name}.

       kubectl -n $NAMESPACE port-forward service/${name} 8080 &
       KEY=$(kubectl -n $NAMESPACE get secret ${name} -o jsonpath='{.data.TOUCHSTONE_REWARD_KEY}' | base64 -d)
       curl -s http://127.0.0.1:8080/v1/rewards -H "authorization: Bearer $KEY" -H 'content-type: application/json' \\
         -d '{"rollouts": [{"messages": [{"role": "user", "content": "a question"}], "response": "an answer"}]}'

A trainer's address is http://${name}:8080, with the key; docs/trainers.md has each trainer's setting. Trainers of other namespaces, at
http://${name}.$NAMESPACE:8080, network-policy.yaml would have to let in.
`;
}
