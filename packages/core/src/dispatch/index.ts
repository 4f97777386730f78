export { createReplyCache } from './cache/memory.js';
export { systemClock, type Clock } from './clock.js';
export {
  createDispatcher,
  type CallResult,
  type Dispatcher,
  type DispatcherOptions,
  type ProviderLimits,
} from './dispatcher.js';
export { costOf } from './cost.js';
export { requestBytes } from './tokens.js';
export { callsSchema, type CallsConfig } from './schema.js';
