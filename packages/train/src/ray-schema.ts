import { z } from 'zod';

/** `training.ray`: the cluster on which a trainer outside runs, and what its command takes there. */
export const raySchema = z.strictObject({
  address: z
    .url({ protocol: /^https?$/, error: 'expected an address such as http://127.0.0.1:8265' })
    .refine((url) => {
      if (!URL.canParse(url)) return true;
      const { username, password, search, hash } = new URL(url);
      return username + password + search + hash === '';
    }, 'must hold no user name, password or query, which would stand in files and messages: RAY_AUTH_TOKEN holds the token')
    .describe(
      'The dashboard of the cluster, such as http://127.0.0.1:8265; the environment variable RAY_AUTH_TOKEN holds its token, where it wants one',
    ),
  reward_host: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A name or address under which the cluster reaches this machine, to ask it for rewards. Default: the address from which this machine reaches the dashboard',
    ),
  entrypoint_num_cpus: z
    .number()
    .min(0)
    .optional()
    .describe('Cores that Ray keeps for the command of the job; without any it is started on the head'),
  entrypoint_num_gpus: z
    .number()
    .min(0)
    .optional()
    .describe('GPUs that Ray keeps for the command of the job: as many as it trains on itself'),
});
