import { readKey } from './keys.js';
import { networkFetch } from './network.js';
import { defineProvider } from './provider.js';

const BEARER = 'AWS_BEARER_TOKEN_BEDROCK';
const CACHES = /(^|\.)(amazon\.nova|anthropic\.claude)-/;
const OLD_CLAUDE = /claude-(v\d|instant|3-(sonnet|opus|haiku)|3-5-sonnet)/;

/**
 * Amazon Bedrock's Converse. Calls carry a bearer token where there is one, else they are signed with the environment's
 * credentials, else with those that AWS's own chain finds: a profile, SSO, a process, web identity, a container's or an
 * instance's role.
 */
export const bedrock = defineProvider({
  name: 'bedrock',
  example: 'bedrock:amazon.nova-pro-v1:0',
  telemetryName: 'aws.bedrock',
  loads: ['@ai-sdk/amazon-bedrock', './aws-credentials.js'],
  loadsOnMachines: ['./aws-chain.js', '@aws-sdk/credential-provider-node', '@smithy/core'],
  // Converse has none to send.
  settings: ['seed'],
  promptCache: {
    marker: { bedrock: { cachePoint: { type: 'default' } } },
    // A call that marks a prompt for a model that cannot cache is refused.
    isKnownFor: (name) => CACHES.test(name) && !OLD_CLAUDE.test(name),
  },
  async open(name, config, { env }) {
    const { readRegion, watchCredentials } = await import('./aws-credentials.js');
    const common = {
      region: await readRegion(env, config),
      fetch: networkFetch,
      ...(config.base_url === undefined ? {} : { baseURL: config.base_url }),
    };
    const variable = config.api_key_env ?? BEARER;
    const bearer = readKey(variable, env, config);
    if (bearer !== undefined) {
      const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock');
      return {
        model: createAmazonBedrock({ ...common, apiKey: bearer })(name),
        keySource: `the environment variable ${variable}`,
        secrets: () => [bearer],
      };
    }
    const credentials = await watchCredentials(env, config);
    const { createAmazonBedrock } = await import('@ai-sdk/amazon-bedrock');
    const signed = createAmazonBedrock({
      ...common,
      credentialProvider: () => Promise.resolve(credentials.latest()),
    })(name);
    return {
      model: {
        // Renewed before the package asks for them: what it makes of a failure is no failure of a call.
        async doGenerate(call) {
          await credentials.renew();
          return signed.doGenerate(call);
        },
      },
      keySource: credentials.source,
      secrets: () => {
        const { secretAccessKey, sessionToken } = credentials.latest();
        return sessionToken === undefined ? [secretAccessKey] : [secretAccessKey, sessionToken];
      },
    };
  },
});
