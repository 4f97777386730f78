#!/usr/bin/env node
/**
 * The provider simulator as a process of its own: `node bench/simulator/main.mjs '{"seed":1,"limits":null,...}'`.
 * Prints its address as the first line and ends with the process that started it.
 */
import { startProvider } from './provider.mjs';

const { url } = await startProvider(JSON.parse(process.argv[2]));
process.stdout.write(`${url}\n`);
process.stdin.on('end', () => process.exit()).resume();
