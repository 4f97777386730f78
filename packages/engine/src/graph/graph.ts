import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** ONNX element types the engine uses. */
const ELEMENT_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

/** A tensor in a graph. A dimension is -1 where only the run knows it. */
export interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A float attribute; a plain number is an integer attribute, since ONNX does not convert. */
interface Float {
  readonly float: number;
}
export type Attribute = number | Float | string | readonly number[] | Graph;

type Initializer = { name: string; dims: number[]; dataType: number; rawData: Uint8Array };
type Declared = { value: Value; type: ElementType; dims: readonly (number | string)[] };

/** Extra operators of ONNX Runtime, such as GroupQueryAttention. */
export const RUNTIME_DOMAIN = 'com.microsoft';
const OPSET = 18;

/** Builds one ONNX graph, node by node. Nested graphs (bodies of `Loop`) may use values of the outer one. */
export class Graph {
  private readonly nodes: object[] = [];
  private readonly initializers: Initializer[] = [];
  private readonly inputs: Declared[] = [];
  private readonly constants = new Map<string, Value>();
  private counter = 0;

  /** @param prefix keeps names of nested graphs apart from the outer one's. */
  constructor(private readonly prefix = '') {}

  fresh(hint: string): string {
    return `${this.prefix}${hint}_${this.counter++}`;
  }

  /** Declares an input; a string dimension is only known at run time. */
  input(name: string, type: ElementType, dims: readonly (number | string)[]): Value {
    const value = { name, shape: dims.map((d) => (typeof d === 'number' ? d : -1)) };
    this.inputs.push({ value, type, dims });
    return value;
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
    this.nodes.push({
      opType: operator,
      domain,
      input: inputs.map((value) => value?.name ?? ''),
      output: outputs.map((value) => value.name),
      attribute: Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
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
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name: value.name, dims: [...shape], dataType: ELEMENT_TYPE[type], rawData });
    if (key !== null) this.constants.set(key, value);
    return value;
  }

  /** The graph as ONNX's GraphProto, for nesting. */
  toProto(
    outputs: readonly { value: Value; type: ElementType; dims?: readonly (number | string)[] }[],
  ): object {
    return {
      name: this.prefix || 'graph',
      node: this.nodes,
      initializer: this.initializers,
      input: this.inputs.map(({ value, type, dims }) => valueInfo(value.name, type, dims)),
      output: outputs.map(({ value, type, dims }) =>
        valueInfo(value.name, type, dims ?? value.shape.map((d, i) => (d < 0 ? `${value.name}_${i}` : d))),
      ),
    };
  }

  /** The graph as a serialised ONNX model. Outputs keep their order and take the given names. */
  toModel(outputs: Record<string, { value: Value; type?: ElementType }>): Uint8Array {
    const named = Object.entries(outputs).map(([name, { value, type = 'float32' }]) => {
      this.nodes.push({ opType: 'Identity', input: [value.name], output: [name] });
      return { value: { name, shape: value.shape }, type };
    });
    const model = onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: [
        { domain: '', version: OPSET },
        { domain: RUNTIME_DOMAIN, version: 1 },
      ],
      graph: this.toProto(named),
    });
    return onnx.ModelProto.encode(model).finish();
  }

  /** For a nested graph: its outputs, fixed when the graph is used as an attribute. */
  outputs: { value: Value; type: ElementType; dims?: readonly (number | string)[] }[] = [];
}

function valueInfo(name: string, type: ElementType, dims: readonly (number | string)[]): object {
  const dim = dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[type], shape: { dim } } } };
}

function encodeAttribute(name: string, value: Attribute): object {
  if (value instanceof Graph) return { name, type: 5, g: value.toProto(value.outputs) };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: 2, i: value };
  if ('float' in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: [...value] };
}
