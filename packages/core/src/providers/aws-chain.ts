import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { loadConfig, NODE_REGION_CONFIG_FILE_OPTIONS, NODE_REGION_CONFIG_OPTIONS } from '@smithy/core/config';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/**
 * AWS's own way to credentials: a profile (keys, SSO, a role, a credential_process), web identity, a container's or an
 * instance's role. They are kept, and renewed before they expire. It has its own way to the network.
 */
export const chainCredentials = (): (() => Promise<AwsCredentials>) => defaultProvider();

/** The region that the profile names, or the one that the instance is in. */
export const chainRegion = (): Promise<string> =>
  loadConfig(NODE_REGION_CONFIG_OPTIONS, NODE_REGION_CONFIG_FILE_OPTIONS)();
