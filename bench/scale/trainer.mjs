import { random } from '@touchstone/spec';
import { expectedScore } from '../reward/samples.mjs';
import { quantile, spread } from '../shared/figures.mjs';
import { judge } from '../shared/fleet.mjs';

/** Of the requests, so many are sent to a second server too, as trainers do that lose patience. */
const RETRIED = 0.02;

/**
 * A trainer's rewards: one request for each group, all those of a step at once, each server in turn.
 *
 * @param {{ servers: { url: string }[], samples: object[], perStep: number, group: number, ahead: number, seed: number }} work `samples`: those of the
 *   steps in a row. `ahead`: so many steps are asked about before the oldest is answered.
 */
export async function train({ servers, samples, perStep, group, ahead, seed }) {
  const draw = random(seed, 'retried');
  const counts = { wrong: 0, abstained: 0 };
  const stepSeconds = [];
  let sent = 0;
  const ask = async (server, members) => {
    const scores = await judge(server.url, members);
    members.forEach(({ truth }, i) => {
      if (scores[i] === null) counts.abstained++;
      else if (scores[i] !== expectedScore(truth)) counts.wrong++;
    });
  };
  const step = async (from) => {
    const begun = performance.now();
    const asked = [];
    for (let i = from; i < from + perStep; i += group) {
      const members = samples.slice(i, i + group);
      asked.push(ask(servers[sent++ % servers.length], members));
      if (draw.next() < RETRIED) asked.push(ask(servers[sent % servers.length], members));
    }
    await Promise.all(asked);
    stepSeconds.push((performance.now() - begun) / 1000);
  };
  const begun = performance.now();
  const open = [];
  for (let from = 0; from < samples.length; from += perStep) {
    if (open.length > ahead) await open.shift();
    open.push(step(from));
  }
  await Promise.all(open);
  const seconds = (performance.now() - begun) / 1000;
  return { ...counts, seconds, stepSeconds: { ...spread(stepSeconds, 1), p90: quantile(stepSeconds, 0.9) } };
}
