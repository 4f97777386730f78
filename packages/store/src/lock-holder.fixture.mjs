// Takes the lock of a folder, says so, and keeps it until it is killed.
import { register } from 'node:module';

register('./typescript-hooks.fixture.mjs', import.meta.url);
const { lockRun } = await import('./run-lock.ts');

lockRun(process.argv[2]);
process.stdout.write('locked\n');
setInterval(() => {}, 60_000);
