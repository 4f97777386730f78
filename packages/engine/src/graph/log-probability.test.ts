import { random } from '@touchstone/spec';
import { expect, it } from 'vitest';
import { DifferentiableGraph } from './autodiff.js';
import { scoreTokens } from './log-probability.js';
import { Session } from './session.js';
import { float32, floats, int32 } from './tensor.js';

it.each([
  [50, false],
  [20_001, false],
  [50, true],
  [20_001, true],
])('gives log-softmax and its gradients: %d words, entropy %s', async (words, withEntropy) => {
  const [n, width, scale] = [3, 4, 1.25];
  const draw = random(1, 'numbers');
  const numbers = (count: number) => Float32Array.from({ length: count }, () => draw.normal());
  const [hidden, head, upstream] = [numbers(n * width), numbers(words * width), numbers(n)];
  const ofEntropy = withEntropy ? numbers(n) : new Float32Array(n);
  const targets = Int32Array.of(0, words - 1, words - 1);

  const g = new DifferentiableGraph();
  const [h, w] = [g.input('hidden', 'float32', ['n', width]), g.input('head', 'float32', [words, width])];
  const { logprobs: logs, entropy } = scoreTokens(
    g,
    h,
    w,
    g.input('targets', 'int32', ['n']),
    scale,
    withEntropy,
  );
  expect(entropy === null).toBe(!withEntropy);
  const ofLogs = g.sum(g.multiply(logs, g.input('upstream', 'float32', ['n', 1])));
  const loss = entropy
    ? g.add(ofLogs, g.sum(g.multiply(entropy, g.input('ofEntropy', 'float32', ['n', 1]))))
    : ofLogs;
  const [ofHidden, ofHead] = g.backward(loss, [h, w]);
  const session = await Session.compile(
    g.toModel({
      logs: { value: logs },
      ofHidden: { value: ofHidden! },
      ofHead: { value: ofHead! },
      ...(entropy ? { entropies: { value: entropy } } : {}),
    }),
  );
  const out = await session.run({
    hidden: float32(hidden, [n, width]),
    head: float32(head, [words, width]),
    targets: int32(targets, [n]),
    upstream: float32(upstream, [n, 1]),
    ...(withEntropy ? { ofEntropy: float32(ofEntropy, [n, 1]) } : {}),
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
    const entropyOf = logits.reduce((sum, logit) => {
      const log = logit - normaliser;
      return sum - Math.exp(log) * log;
    }, 0);
    if (withEntropy) expect(floats(out['entropies'])[i]).toBeCloseTo(entropyOf, 4);
    logits.forEach((logit, word) => {
      const share = Math.exp(logit - normaliser);
      const slope =
        scale *
        (upstream[i]! * (Number(word === targets[i]) - share) -
          ofEntropy[i]! * share * (logit - normaliser + entropyOf));
      for (let d = 0; d < width; d++) {
        expected.ofHidden[i * width + d]! += slope * head[word * width + d]!;
        expected.ofHead[word * width + d]! += slope * hidden[i * width + d]!;
      }
    });
  }
  for (const name of ['ofHidden', 'ofHead'] as const) {
    const ours = floats(out[name]);
    const worst = expected[name].reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i]!)), 0);
    // Of the entropy, shares count as often as their logarithms are large.
    expect(worst, name).toBeLessThan(withEntropy ? 5e-5 : 1e-5);
  }
});
