import type { Backend } from '@touchstone/run';

/** An entry of the table of backends: `plan`, `preflight` and `launch`, whose job has `follow` and `fetch`. */
export const defineBackend = <const B extends Backend>(backend: B): B => backend;
