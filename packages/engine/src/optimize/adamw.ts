import { Graph, type Value } from '../graph/graph.js';
import { SessionCache } from '../graph/session.js';
import { float32, floats, scalar, shared, type Tensors } from '../graph/tensor.js';
import type { CausalLM } from '../model.js';
import type { Parameter } from '../weights/parameters.js';

export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled decay; norms, biases and embeddings are left out. */
  weightDecay: number;
  /** Gradients are scaled so that their global norm is at most this. */
  maxGradNorm: number;
}

export const ADAMW_DEFAULTS: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
};

/** Moments and step count: what an optimiser goes on from exactly. */
export interface OptimizerState {
  updates: number;
  moments: ReadonlyMap<string, Parameter>;
}

/** AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with clipping by global norm, run as one graph. */
export class AdamW {
  private readonly sessions = new SessionCache();
  private moments: Tensors = {};
  /** Updates made so far. */
  updates = 0;

  constructor(
    private readonly model: CausalLM,
    private readonly options: AdamWOptions = ADAMW_DEFAULTS,
  ) {
    for (const [name, { shape }] of model.parameters.trainable) {
      for (const moment of ['first', 'second']) {
        const zeros = new Float32Array(shape.reduce((a, b) => a * b, 1));
        this.moments[`${moment}.${name}`] = float32(shared(zeros), shape);
      }
    }
  }

  /**
   * Updates the model's trainable weights in place.
   * @returns the global gradient norm before clipping
   */
  async update(gradients: ReadonlyMap<string, Float32Array>, learningRate: number): Promise<number> {
    this.updates += 1;
    const { beta1, beta2 } = this.options;
    const session = await this.sessions.get('adamw', () => this.graph());
    const feeds: Tensors = { ...this.moments };
    for (const [name, { shape, data }] of this.model.parameters.trainable) {
      feeds[name] = float32(data, shape);
      feeds[`gradient.${name}`] = float32(gradients.get(name)!, shape);
    }
    feeds['learning_rate'] = scalar(learningRate);
    feeds['correction1'] = scalar(1 / (1 - beta1 ** this.updates));
    feeds['correction2'] = scalar(1 / (1 - beta2 ** this.updates));
    const out = await session.run(feeds);
    for (const [name, parameter] of this.model.parameters.trainable) {
      parameter.data.set(floats(out[`next.${name}`]));
    }
    for (const [name, moment] of Object.entries(this.moments)) {
      floats(moment).set(floats(out[`next.${name}`]));
    }
    return floats(out['norm'])[0]!;
  }

  private graph(): Uint8Array<ArrayBuffer> {
    const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = this.options;
    const g = new Graph();
    const op = (operator: string, shape: readonly number[], ...inputs: Value[]): Value =>
      g.node(operator, inputs, shape);
    const rate = g.input('learning_rate', 'float32', []);
    const correction1 = g.input('correction1', 'float32', []);
    const correction2 = g.input('correction2', 'float32', []);
    const all = [...this.model.parameters.trainable].map(([name, { shape }]) => ({
      name,
      shape,
      parameter: g.input(name, 'float32', shape),
      gradient: g.input(`gradient.${name}`, 'float32', shape),
      first: g.input(`first.${name}`, 'float32', shape),
      second: g.input(`second.${name}`, 'float32', shape),
    }));
    const squares = all.map(({ gradient }) => g.node('ReduceSumSquare', [gradient], [], { keepdims: 0 }));
    const norm = op('Sqrt', [], g.node('Sum', squares, []));
    const clip = op(
      'Min',
      [],
      g.scalar(1),
      op('Div', [], g.scalar(maxGradNorm), op('Add', [], norm, g.scalar(1e-6))),
    );
    const outputs: Record<string, { value: Value }> = { norm: { value: norm } };
    for (const { name, shape, parameter, gradient, first, second } of all) {
      const clipped = op('Mul', shape, gradient, clip);
      const average = (old: Value, value: Value, beta: number): Value =>
        op('Add', shape, op('Mul', shape, old, g.scalar(beta)), op('Mul', shape, value, g.scalar(1 - beta)));
      const nextFirst = average(first, clipped, beta1);
      const nextSecond = average(second, op('Mul', shape, clipped, clipped), beta2);
      const scale = op(
        'Add',
        shape,
        op('Sqrt', shape, op('Mul', shape, nextSecond, correction2)),
        g.scalar(epsilon),
      );
      let step = op('Div', shape, op('Mul', shape, nextFirst, correction1), scale);
      if (weightDecay > 0 && shape.length > 1 && !name.includes('embed')) {
        step = op('Add', shape, step, op('Mul', shape, parameter, g.scalar(weightDecay)));
      }
      outputs[`next.${name}`] = { value: op('Sub', shape, parameter, op('Mul', shape, step, rate)) };
      outputs[`next.first.${name}`] = { value: nextFirst };
      outputs[`next.second.${name}`] = { value: nextSecond };
    }
    return g.toModel(outputs);
  }

  state(): OptimizerState {
    const moments = new Map(
      Object.entries(this.moments).map(([name, tensor]) => [
        name,
        { shape: [...tensor.dims], data: floats(tensor) },
      ]),
    );
    return { updates: this.updates, moments };
  }

  restore({ updates, moments }: OptimizerState): void {
    for (const [name, own] of Object.entries(this.moments)) {
      const moment = moments.get(name);
      if (moment?.data.length !== floats(own).length) {
        throw new RangeError(`optimiser state lacks ${name}, or has another shape of it`);
      }
      floats(own).set(moment.data);
    }
    this.updates = updates;
  }
}
