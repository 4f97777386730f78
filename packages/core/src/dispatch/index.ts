export { systemClock, type Clock } from './clock.js';
export { createDispatcher, type CallResult, type Dispatcher, type DispatcherOptions } from './dispatcher.js';
