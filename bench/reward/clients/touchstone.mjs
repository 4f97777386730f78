import { readJob, work } from './job.mjs';
import { openTouchstone, toRollout } from './open-touchstone.mjs';

const job = readJob();
const reward = await openTouchstone({
  ...job,
  model: { model: 'openai-compatible:simulator', base_url: `${job.url}/v1` },
});
await work(job, (samples, onDone) =>
  reward.score(samples.map(toRollout), {
    onDone: (result, i) =>
      result.status === 'scored'
        ? onDone(samples[i].id, result.score)
        : onDone(samples[i].id, null, result.reason),
  }),
);
