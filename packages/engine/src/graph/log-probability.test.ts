import { random } from '@touchstone/spec';
import { expect, it } from 'vitest';
import { DifferentiableGraph } from './autodiff.js';
import { logProbability } from './log-probability.js';
import { Session } from './session.js';
import { float32, floats, int32 } from './tensor.js';

it.each([50, 20_001])('gives log-softmax and its gradients: %d words', async (words) => {
  const [n, width, scale] = [3, 4, 1.25];
  const draw = random(1, 'numbers');
  const numbers = (count: number) => Float32Array.from({ length: count }, () => draw.normal());
  const [hidden, head, upstream] = [numbers(n * width), numbers(words * width), numbers(n)];
  const targets = Int32Array.of(0, words - 1, words - 1);

  const g = new DifferentiableGraph();
  const [h, w] = [g.input('hidden', 'float32', ['n', width]), g.input('head', 'float32', [words, width])];
  const logs = logProbability(g, h, w, g.input('targets', 'int32', ['n']), scale);
  const loss = g.sum(g.multiply(logs, g.input('upstream', 'float32', ['n', 1])));
  const [ofHidden, ofHead] = g.backward(loss, [h, w]);
  const session = await Session.compile(
    g.toModel({ logs: { value: logs }, ofHidden: { value: ofHidden! }, ofHead: { value: ofHead! } }),
  );
  const out = await session.run({
    hidden: float32(hidden, [n, width]),
    head: float32(head, [words, width]),
    targets: int32(targets, [n]),
    upstream: float32(upstream, [n, 1]),
  });
  await session.release();

  const expected = { ofHidden: new Float64Array(n * width), ofHead: new Float64Array(words * width) };
  for (let i = 0; i < n; i++) {
    const logits = Float64Array.from({ length: words }, (_, word) => {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += hidden[i * width + d]! * head[word * width + d]! * scale;
      return sum;
    });
    const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    expect(floats(out['logs'])[i]).toBeCloseTo(logits[targets[i]!]! - normaliser, 4);
    logits.forEach((logit, word) => {
      const slope = upstream[i]! * scale * (Number(word === targets[i]) - Math.exp(logit - normaliser));
      for (let d = 0; d < width; d++) {
        expected.ofHidden[i * width + d]! += slope * head[word * width + d]!;
        expected.ofHead[word * width + d]! += slope * hidden[i * width + d]!;
      }
    });
  }
  for (const name of ['ofHidden', 'ofHead'] as const) {
    const ours = floats(out[name]);
    const worst = expected[name].reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0);
    expect(worst, name).toBeLessThan(1e-5);
  }
});
