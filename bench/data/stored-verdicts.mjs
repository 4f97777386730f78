#!/usr/bin/env node
/**
 * What the product's statistics say of verdicts that real judges and people gave, from published files:
 *
 *     npm run bench:stored-verdicts -- --data DIR        DIR holds llmbar/, pandalm/ and judge_bench_20/
 *
 * Prints JSON: LLMBar (does a judge choose the same answer in both orders, and the right one?), PandaLM (people among
 * themselves, two judges against their majority, how much two judges are worth) and the ratings of Newsroom in JUDGE-BENCH.
 * `figures.test.mjs` beside the figures holds them against the published ones.
 */
import { describeMachine } from '../shared/machine.mjs';
import { dataFolder, print } from './shared.mjs';
import { storedVerdicts } from './stored-verdicts/figures.mjs';

const data = dataFolder('llmbar', 'pandalm', 'judge_bench_20');
print(JSON.stringify({ machine: describeMachine(), ...storedVerdicts(data) }, null, 2));
