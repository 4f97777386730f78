import { shimFile } from '@touchstone/serve';

/** What lies in the folder of a job, by names that the other files know. */
export const CONFIG = 'verl.yaml';
export const ROWS = 'rows.jsonl';
export const MANAGER = 'touchstone_manager.py';
export const SHIM = shimFile('verl');
export const CHECK = 'check.py';
