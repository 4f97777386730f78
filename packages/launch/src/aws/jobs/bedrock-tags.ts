import type { AwsClients } from './clients.js';
import { asking } from './errors.js';

/** The tags of something in Bedrock. */
export async function bedrockTags(
  clients: Pick<AwsClients, 'bedrock'>,
  arn: string,
): Promise<Record<string, string>> {
  const bedrock = await clients.bedrock();
  const { tags } = await asking(`read the tags of ${arn}`, () =>
    bedrock.listTagsForResource({ resourceARN: arn }),
  );
  return Object.fromEntries((tags ?? []).map(({ key, value }) => [key!, value!]));
}
