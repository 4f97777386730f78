import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** ONNX element types the engine uses. */
export const ELEMENT_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

// The messages of an ONNX model that the engine writes. Field numbers: onnx.proto of ONNX 1.13 (operator set 18),
// https://github.com/onnx/onnx/blob/v1.13.0/onnx/onnx.proto

/** A message under way; fields are written in any order, and a field that is absent is not written at all. */
export type Message = (writer: BinaryWriter) => void;

/**
 * What an attribute holds: an integer, a float (ONNX does not convert: one that happens to be whole must still be written
 * as a float), a string, integers, or a graph.
 */
export type AttributeValue = number | { readonly float: number } | string | readonly number[] | Message;

/** A declared input or output; a string names a dimension that only the run knows. */
export interface Declaration {
  name: string;
  type: ElementType;
  dims: readonly (number | string)[];
}

export interface NodeFields {
  operator: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: readonly Message[];
}

export interface GraphFields {
  name: string;
  nodes: readonly Message[];
  initializers: readonly Message[];
  inputs: readonly Message[];
  outputs: readonly Message[];
}

const string = (w: BinaryWriter, field: number, value: string): void =>
  void w.tag(field, WireType.LengthDelimited).string(value);
const bytes = (w: BinaryWriter, field: number, value: Uint8Array): void =>
  void w.tag(field, WireType.LengthDelimited).bytes(value);
const int = (w: BinaryWriter, field: number, value: number): void =>
  void w.tag(field, WireType.Varint).int64(value);
const message = (w: BinaryWriter, field: number, fields: Message): void => {
  w.tag(field, WireType.LengthDelimited).fork();
  fields(w);
  w.join();
};

export function modelProto(
  graph: Message,
  opsets: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const w = new BinaryWriter();
  int(w, 1, 8); // ir_version
  for (const [domain, version] of Object.entries(opsets)) {
    message(w, 8, (opset) => {
      string(opset, 1, domain);
      int(opset, 2, version);
    });
  }
  message(w, 7, graph);
  return w.finish();
}

export function graphProto({ name, nodes, initializers, inputs, outputs }: GraphFields): Message {
  return (w) => {
    for (const node of nodes) message(w, 1, node);
    string(w, 2, name);
    for (const initializer of initializers) message(w, 5, initializer);
    for (const input of inputs) message(w, 11, input);
    for (const output of outputs) message(w, 12, output);
  };
}

export function nodeProto({ operator, domain, inputs, outputs, attributes }: NodeFields): Message {
  return (w) => {
    for (const input of inputs) string(w, 1, input);
    for (const output of outputs) string(w, 2, output);
    string(w, 4, operator);
    for (const attribute of attributes) message(w, 5, attribute);
    string(w, 7, domain);
  };
}

export function attributeProto(name: string, value: AttributeValue): Message {
  return (w) => {
    string(w, 1, name);
    const type = (number: number): void => int(w, 20, number);
    if (typeof value === 'number') {
      int(w, 3, value);
      type(2);
    } else if (typeof value === 'string') {
      string(w, 4, value);
      type(3);
    } else if (typeof value === 'function') {
      message(w, 6, value);
      type(5);
    } else if ('float' in value) {
      w.tag(2, WireType.Bit32).float(value.float);
      type(1);
    } else {
      for (const each of value) int(w, 8, each);
      type(7);
    }
  };
}

/** @param data the elements as ONNX has them in `raw_data`: little-endian, row by row */
export function tensorProto(
  name: string,
  type: ElementType,
  dims: readonly number[],
  data: Uint8Array,
): Message {
  return (w) => {
    for (const dim of dims) int(w, 1, dim);
    int(w, 2, ELEMENT_TYPE[type]);
    string(w, 8, name);
    bytes(w, 9, data);
  };
}

export function valueInfoProto({ name, type, dims }: Declaration): Message {
  return (w) => {
    string(w, 1, name);
    message(w, 2, (typeProto) =>
      message(typeProto, 1, (tensorType) => {
        int(tensorType, 1, ELEMENT_TYPE[type]);
        message(tensorType, 2, (shape) => {
          for (const dim of dims) {
            message(shape, 1, (dimension) =>
              typeof dim === 'number' ? int(dimension, 1, dim) : string(dimension, 2, dim),
            );
          }
        });
      }),
    );
  };
}
