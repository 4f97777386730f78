import { installFromNpm, installFromPyPI } from '../shared/peers.mjs';
import { versionOf } from '../shared/machine.mjs';

/** @typedef {{ name: string, command: string, script: string, declaresLimits: boolean, more?: object }} Case */

/** Share of the limit at which the bare loop sends, so that a timer's jitter is not refused. */
const PACE = 0.97;

/** What runs without installing anything. `declaresLimits`: the client is told the provider's limits. */
export const ownCases = ({ request, requestsPerMinute }) => [
  { name: 'touchstone', command: process.execPath, script: 'touchstone.mjs', declaresLimits: true },
  {
    name: 'touchstone-limits-unknown',
    command: process.execPath,
    script: 'touchstone.mjs',
    declaresLimits: false,
  },
  {
    name: 'bare-undici-loop',
    command: process.execPath,
    script: 'undici-loop.mjs',
    declaresLimits: false,
    more: { request, callsPerSecond: (PACE * requestsPerMinute) / 60 },
  },
  ...(versionOf('python3', '--version') === null
    ? []
    : [
        {
          name: 'article-one-event',
          command: 'python3',
          script: 'article_handler.py',
          declaresLimits: false,
        },
        {
          name: 'article-events-of-64',
          command: 'python3',
          script: 'article_handler.py',
          declaresLimits: false,
          more: { batch: 64 },
        },
      ]),
];

const AUTOEVALS = ['autoevals@0.3.0', 'openai@6.49.0'];
const LITELLM = ['litellm==1.101.0'];

/**
 * Installs the peers.
 * @returns {Promise<{ cases: Case[], skipped: Record<string, string>, versions: Record<string, string> }>}
 */
export async function installPeers(log) {
  log('installing peers');
  const cases = [];
  const skipped = {};
  const versions = {};
  const autoevals = await installFromNpm('autoevals', AUTOEVALS);
  if ('skipped' in autoevals) skipped.autoevals = autoevals.skipped;
  else {
    versions.autoevals = AUTOEVALS.join(' ');
    cases.push({
      name: 'autoevals',
      command: process.execPath,
      script: 'autoevals.mjs',
      declaresLimits: false,
      more: { peers: autoevals.folder },
    });
  }
  const litellm = await installFromPyPI('litellm', LITELLM);
  if ('skipped' in litellm) skipped.litellm = litellm.skipped;
  else {
    versions.litellm = LITELLM.join(' ');
    cases.push({
      name: 'litellm-router',
      command: litellm.python,
      script: 'litellm_judge.py',
      declaresLimits: true,
    });
  }
  return { cases, skipped, versions };
}
