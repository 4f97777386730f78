import { isIP } from 'node:net';
import type { JudgeModel } from '@touchstone/run';
import { InputError } from '@touchstone/spec';

/** A rule of a NetworkPolicy: whom pods may ask. */
export type EgressRule = Record<string, unknown>;

const tcp = (port: number) => ({ protocol: 'TCP', port });

/** The machine that asks, by its names and addresses. */
const OWN = /^(127\..*|0\.0\.0\.0|::1?|(.+\.)?localhost\.?)$/;

/** Hands out AWS credentials to the pods of a node (EKS Pod Identity). */
const POD_IDENTITY = '169.254.170.23/32';

/**
 * The rules that let servers reach the models of a judge, each once: a provider on the internet by its port, as its addresses
 * change; one in the cluster by its namespace, as a policy sees the port of the pod and not that of the service.
 *
 * @throws {InputError} a model is at an address of the machine itself.
 */
export function egressTo(models: readonly JudgeModel[]): EgressRule[] {
  const rules = models.flatMap(({ id, provider, baseUrl }): EgressRule[] => {
    const url = new URL(baseUrl ?? 'https://provider.example');
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (OWN.test(host)) {
      throw new InputError([
        {
          message: `judge.base_url of ${id}: ${host} is the server's own pod; name an address that pods can reach`,
        },
      ]);
    }
    if (isIP(host) !== 0) {
      return [{ to: [{ ipBlock: { cidr: `${host}/${isIP(host) === 4 ? 32 : 128}` } }], ports: [tcp(port)] }];
    }
    const [, namespace, kind] = host.split('.');
    if (namespace === undefined) return [{ to: [{ podSelector: {} }] }];
    // `service.namespace` looks like any name on the internet, where nobody sends keys over plain http.
    if (kind === 'svc' || (kind === undefined && url.protocol === 'http:')) return [inNamespace(namespace)];
    const credentials = { to: [{ ipBlock: { cidr: POD_IDENTITY } }], ports: [tcp(80)] };
    return [{ ports: [tcp(port)] }, ...(provider.name === 'bedrock' ? [credentials] : [])];
  });
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
}

const inNamespace = (name: string): EgressRule => ({
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } }],
});
