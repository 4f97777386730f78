import { RunError } from '@touchstone/spec';
import { Graph, type Value } from '../graph/graph.js';
import { SessionCache } from '../graph/session.js';
import { float32, floats, scalar, shared } from '../graph/tensor.js';
import type { CausalLM } from '../model.js';
import { ADAMW_DEFAULTS, type AdamWOptions } from './adamw-options.js';
import type { Parameter } from '../weights/parameters.js';

/** Moments and step count: what an optimiser goes on from exactly. */
export interface OptimizerState {
  updates: number;
  moments: ReadonlyMap<string, Parameter>;
}

/** Weights that one run updates, at most: what it takes beside them is a multiple of this, whatever the model's size. */
const SLICE = 2 ** 21;

/** AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with clipping by global norm, run as one graph on slices of the weights. */
export class AdamW {
  private readonly sessions = new SessionCache();
  private readonly moments = new Map<
    string,
    { shape: number[]; first: Float32Array; second: Float32Array }
  >();
  /** Updates made so far. */
  updates = 0;

  constructor(
    private readonly model: CausalLM,
    private readonly options: AdamWOptions = ADAMW_DEFAULTS,
  ) {
    for (const [name, { shape, data }] of model.parameters.trainable) {
      const zeros = (): Float32Array => shared(new Float32Array(data.length));
      this.moments.set(name, { shape, first: zeros(), second: zeros() });
    }
  }

  /**
   * Updates the model's trainable weights in place.
   * @returns the global gradient norm before clipping
   * @throws {RunError} when a gradient is not a finite number; the weights are as they were.
   */
  async update(gradients: ReadonlyMap<string, Float32Array>, learningRate: number): Promise<number> {
    const { beta1, beta2, weightDecay, maxGradNorm } = this.options;
    const norm = globalNorm(gradients.values());
    if (!Number.isFinite(norm)) {
      throw new RunError(
        `the gradient of update ${this.updates + 1} has the norm ${norm}: the weights would be lost by it, and are as they were before. ` +
          'Begin anew with a lower learning rate',
      );
    }
    this.updates += 1;
    const session = await this.sessions.get('adamw', () => this.graph());
    const common = {
      clip: scalar(Math.min(1, maxGradNorm / (norm + 1e-6))),
      learning_rate: scalar(learningRate),
      correction1: scalar(1 / (1 - beta1 ** this.updates)),
      correction2: scalar(1 / (1 - beta2 ** this.updates)),
    };
    for (const [name, { shape, data }] of this.model.parameters.trainable) {
      const { first, second } = this.moments.get(name)!;
      const gradient = gradients.get(name)!;
      const decay = scalar(shape.length > 1 && !name.includes('embed') ? weightDecay : 0);
      for (let start = 0; start < data.length; start += SLICE) {
        const own = Object.entries({ parameter: data, first, second }).map(
          ([part, whole]) => [part, whole.subarray(start, start + SLICE)] as const,
        );
        // A copy: of what is not shared, the run is sent all that lies around it.
        const sent = gradient.slice(start, start + SLICE);
        const out = await session.run({
          ...common,
          ...Object.fromEntries(own.map(([part, slice]) => [part, float32(slice, [sent.length])])),
          decay,
          gradient: float32(sent, [sent.length]),
        });
        for (const [part, slice] of own) slice.set(floats(out[`next_${part}`]));
      }
    }
    return norm;
  }

  private graph(): Uint8Array<ArrayBuffer> {
    const { beta1, beta2, epsilon } = this.options;
    const g = new Graph();
    const [parameter, gradient, first, second] = ['parameter', 'gradient', 'first', 'second'].map((name) =>
      g.input(name, 'float32', ['n']),
    ) as [Value, Value, Value, Value];
    const [clip, rate, decay, correction1, correction2] = [
      'clip',
      'learning_rate',
      'decay',
      'correction1',
      'correction2',
    ].map((name) => g.input(name, 'float32', [])) as [Value, Value, Value, Value, Value];
    const op = (operator: string, ...inputs: Value[]): Value => g.node(operator, inputs, parameter.shape);
    const clipped = op('Mul', gradient, clip);
    const average = (old: Value, value: Value, beta: number): Value =>
      op('Add', op('Mul', old, g.scalar(beta)), op('Mul', value, g.scalar(1 - beta)));
    const nextFirst = average(first, clipped, beta1);
    const nextSecond = average(second, op('Mul', clipped, clipped), beta2);
    const scale = op('Add', op('Sqrt', op('Mul', nextSecond, correction2)), g.scalar(epsilon));
    const step = op('Div', op('Mul', nextFirst, correction1), scale);
    const decayed = op('Add', step, op('Mul', parameter, decay));
    const next = op('Sub', parameter, op('Mul', decayed, rate));
    return g.toModel({
      next_parameter: { value: next },
      next_first: { value: nextFirst },
      next_second: { value: nextSecond },
    });
  }

  state(): OptimizerState {
    const moments = new Map(
      [...this.moments].flatMap(([name, { shape, first, second }]) => [
        [`first.${name}`, { shape, data: first }] as const,
        [`second.${name}`, { shape, data: second }] as const,
      ]),
    );
    return { updates: this.updates, moments };
  }

  restore({ updates, moments }: OptimizerState): void {
    for (const [name, own] of this.state().moments) {
      const moment = moments.get(name);
      if (moment?.data.length !== own.data.length) {
        throw new RangeError(`optimiser state lacks ${name}, or has another shape of it`);
      }
      own.data.set(moment.data);
    }
    this.updates = updates;
  }
}

function globalNorm(gradients: Iterable<Float32Array>): number {
  let squares = 0;
  for (const gradient of gradients) for (const g of gradient) squares += g * g;
  return Math.sqrt(squares);
}
