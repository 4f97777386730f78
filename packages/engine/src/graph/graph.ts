import {
  attributeProto,
  graphProto,
  modelProto,
  nodeProto,
  tensorProto,
  valueInfoProto,
  type AttributeValue,
  type Declaration,
  type ElementType,
  type Message,
  type NodeFields,
} from './onnx.js';

/** A tensor in a graph. A dimension is -1 where only the run knows it. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

type Attribute = AttributeValue | Graph;

/** An output of a nested graph; without dimensions it takes the value's shape. */
interface Output {
  value: Value;
  type: ElementType;
  dims?: readonly (number | string)[];
}

interface Node extends NodeFields {
  /** Names of all values that it is computed from, those that graphs among its attributes take from around them too. */
  reads: readonly string[];
}

/** Extra operators of ONNX Runtime, such as GroupQueryAttention. */
export const RUNTIME_DOMAIN = 'com.microsoft';
const OPSET = 18;

/** Builds one ONNX graph, node by node. Nested graphs (bodies of `Loop`) may use values of the outer one. */
export class Graph {
  private readonly nodes: Node[] = [];
  private readonly initializers: Message[] = [];
  private readonly inputs: Declaration[] = [];
  private readonly constants = new Map<string, Value>();
  private counter = 0;

  /** @param prefix keeps names of nested graphs apart from the outer one's. */
  constructor(private readonly prefix = '') {}

  fresh(hint: string): string {
    return `${this.prefix}${hint}_${this.counter++}`;
  }

  /** Declares an input; a string dimension is only known at run time. */
  input(name: string, type: ElementType, dims: readonly (number | string)[]): Value {
    this.inputs.push({ name, type, dims });
    return { name, shape: dims.map((d) => (typeof d === 'number' ? d : -1)) };
  }

  /** Adds a node with one output. An absent optional input is `null`. */
  node(
    operator: string,
    inputs: readonly (Value | null)[],
    shape: readonly number[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): Value {
    return this.nodesOf(operator, inputs, [shape], attributes, domain)[0]!;
  }

  /** Adds a node with as many outputs as shapes. */
  nodesOf(
    operator: string,
    inputs: readonly (Value | null)[],
    shapes: readonly (readonly number[])[],
    attributes: Record<string, Attribute> = {},
    domain = '',
  ): Value[] {
    const outputs = shapes.map((shape) => ({ name: this.fresh(operator), shape }));
    const names = inputs.map((value) => value?.name ?? '');
    const nested = Object.values(attributes).filter((value) => value instanceof Graph);
    this.nodes.push({
      operator,
      domain,
      inputs: names,
      outputs: outputs.map((value) => value.name),
      attributes: Object.entries(attributes).map(([name, value]) =>
        attributeProto(name, value instanceof Graph ? value.toProto(value.outputs) : value),
      ),
      reads: [...names, ...nested.flatMap((graph) => graph.reads())],
    });
    return outputs;
  }

  /** A float32 constant; equal scalars are shared. */
  scalar(value: number): Value {
    return this.constant(`f${value}`, 'float32', [], new Float32Array([value]));
  }

  float32(data: Float32Array, shape: readonly number[]): Value {
    return this.constant(null, 'float32', shape, data);
  }

  /** An int64 vector, as shape and axis inputs want it. */
  int64(values: readonly number[]): Value {
    return this.constant(
      `i${values.join()}`,
      'int64',
      [values.length],
      BigInt64Array.from(values.map(BigInt)),
    );
  }

  int64Scalar(value: number): Value {
    return this.constant(`s${value}`, 'int64', [], BigInt64Array.of(BigInt(value)));
  }

  int32(values: readonly number[]): Value {
    return this.constant(`n${values.join()}`, 'int32', [values.length], Int32Array.from(values));
  }

  private constant(
    key: string | null,
    type: ElementType,
    shape: readonly number[],
    data: Float32Array | BigInt64Array | Int32Array,
  ): Value {
    const known = key === null ? undefined : this.constants.get(key);
    if (known) return known;
    const value = { name: this.fresh('const'), shape };
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push(tensorProto(value.name, type, shape, bytes));
    if (key !== null) this.constants.set(key, value);
    return value;
  }

  /** The nodes that an output is computed from: ONNX Runtime computes all that are there. */
  private needed(outputs: readonly Output[]): Node[] {
    const names = new Set(outputs.map(({ value }) => value.name));
    const nodes: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((name) => names.has(name))) continue;
      nodes.push(node);
      for (const name of node.reads) names.add(name);
    }
    return nodes.reverse();
  }

  /** Of a nested graph: names of all values that its outputs are computed from, those of graphs around it among them. */
  private reads(): string[] {
    const ofNodes = this.needed(this.outputs).flatMap(({ reads }) => reads);
    return [...ofNodes, ...this.outputs.map(({ value }) => value.name)];
  }

  /** The graph as ONNX's GraphProto, for nesting. */
  toProto(outputs: readonly Output[]): Message {
    return graphProto({
      name: this.prefix || 'graph',
      nodes: this.needed(outputs).map(nodeProto),
      initializers: this.initializers,
      inputs: this.inputs.map(valueInfoProto),
      outputs: outputs.map(({ value: { name, shape }, type, dims }) =>
        valueInfoProto({ name, type, dims: dims ?? shape.map((d, i) => (d < 0 ? `${name}_${i}` : d)) }),
      ),
    });
  }

  /** The graph as a serialised ONNX model. Outputs keep their order and take the given names. */
  toModel(outputs: Record<string, { value: Value; type?: ElementType }>): Uint8Array<ArrayBuffer> {
    const named = Object.entries(outputs).map(([name, { value, type = 'float32' }]) => {
      this.nodes.push({
        operator: 'Identity',
        domain: '',
        inputs: [value.name],
        outputs: [name],
        attributes: [],
        reads: [value.name],
      });
      return { value: { name, shape: value.shape }, type };
    });
    return modelProto(this.toProto(named), { '': OPSET, [RUNTIME_DOMAIN]: 1 });
  }

  /** For a nested graph: its outputs, fixed when the graph is used as an attribute. */
  outputs: Output[] = [];
}
