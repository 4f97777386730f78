import { aiSdk } from './ai-sdk.js';
import { anthropic } from './anthropic.js';
import { bedrock } from './bedrock.js';
import { code } from './code.js';
import { local } from './local.js';
import { openAICompatible } from './openai-compatible.js';
import type { Provider } from './provider.js';

/** Every provider; whatever lists them reads this. */
export const PROVIDERS: readonly Provider[] = [local, openAICompatible, anthropic, bedrock, aiSdk, code];
