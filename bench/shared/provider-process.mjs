#!/usr/bin/env node
/**
 * The provider simulator as a process of its own: `node provider-process.mjs '{"seed":1,"limits":null,"behaviour":{...}}'`.
 * Its model judges findings by rule. Prints its address as the first line and ends with the process that started it.
 */
import { drawnFates, findingJudge, findingOf, startProvider } from '@touchstone/testing';

const { seed, limits, behaviour } = JSON.parse(process.argv[2]);
const { origin } = await startProvider({
  respond: findingJudge,
  sampleOf: findingOf,
  fate: drawnFates(behaviour, seed),
  limits: limits ?? {},
});
process.stdout.write(`${origin}\n`);
process.stdin.on('end', () => process.exit()).resume();
