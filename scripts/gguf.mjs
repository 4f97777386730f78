// GGUF, llama.cpp's file of a model, as far as the comparisons with other engines need it: SmolLM2 is read from one, and written
// as another with the same numbers in single precision. The format: docs/gguf.md of ggml.
const ALIGNMENT = 32;
const F32 = 0;

/** Reads a GGUF file (version 3): its settings and where each one's value lies, and where its tensors lie. */
export function readGguf(bytes) {
  let at = 8;
  const uint32 = () => bytes.readUInt32LE((at += 4) - 4);
  const uint64 = () => Number(bytes.readBigUInt64LE((at += 8) - 8));
  const text = () => {
    const length = uint64();
    return bytes.toString('utf8', at, (at += length));
  };
  const readers = {
    4: uint32,
    5: () => bytes.readInt32LE((at += 4) - 4),
    6: () => bytes.readFloatLE((at += 4) - 4),
    7: () => bytes.readUInt8(at++) !== 0,
    8: text,
    9: () => {
      const type = uint32();
      return Array.from({ length: uint64() }, readers[type]);
    },
    10: uint64,
  };
  const tensorCount = uint64();
  const settings = {};
  const settingsAt = {};
  for (let left = uint64(); left > 0; left--) {
    const name = text();
    const read = readers[uint32()];
    settingsAt[name] = at;
    settings[name] = read();
  }
  const settingsEnd = at;
  const tensors = Array.from({ length: tensorCount }, () => ({
    name: text(),
    // The fastest axis first.
    shape: Array.from({ length: uint32() }, uint64).reverse(),
    type: uint32(),
    offset: uint64(),
  }));
  const start = aligned(at);
  return {
    settings,
    settingsAt,
    settingsEnd,
    tensors: tensors.map((tensor) => ({ ...tensor, offset: start + tensor.offset })),
  };
}

const aligned = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/** The same model as a GGUF file (version 3) in single precision: the settings as they are, the tensors dequantised. */
export function inSinglePrecision(bytes) {
  const { settingsAt, settingsEnd, tensors } = readGguf(bytes);
  const settings = Buffer.from(bytes.subarray(0, settingsEnd));
  settings.writeUInt32LE(F32, settingsAt['general.file_type']);
  const data = tensors.map((tensor) => Buffer.from(dequantise(bytes, tensor).buffer));
  let offset = 0;
  const directory = tensors.flatMap(({ name, shape }, i) => {
    const place = asUint64(offset);
    offset += aligned(data[i].length);
    const text = Buffer.from(name);
    const sizes = shape.toReversed().map(asUint64);
    return [asUint64(text.length), text, asUint32(shape.length), ...sizes, asUint32(F32), place];
  });
  const parts = [Buffer.concat([settings, ...directory]), ...data];
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(aligned(part.length) - part.length)]));
}

function asUint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function asUint64(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function half(bits) {
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** Numbers of one block, by type of tensor: F32, Q4_1 (scale, minimum, 32 half-bytes), Q8_0 (scale, 32 bytes). */
const BLOCKS = {
  0: { bytes: 4, numbers: 1, read: (b, at, out, i) => (out[i] = b.readFloatLE(at)) },
  3: {
    bytes: 20,
    numbers: 32,
    read(b, at, out, i) {
      const [scale, least] = [half(b.readUInt16LE(at)), half(b.readUInt16LE(at + 2))];
      for (let k = 0; k < 16; k++) {
        out[i + k] = scale * (b[at + 4 + k] & 15) + least;
        out[i + 16 + k] = scale * (b[at + 4 + k] >> 4) + least;
      }
    },
  },
  8: {
    bytes: 34,
    numbers: 32,
    read(b, at, out, i) {
      const scale = half(b.readUInt16LE(at));
      for (let k = 0; k < 32; k++) out[i + k] = scale * b.readInt8(at + 2 + k);
    },
  },
};

/** A tensor's numbers, whatever its type. */
export function dequantise(bytes, { shape, type, offset }) {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  const block = BLOCKS[type];
  for (let i = 0, at = offset; i < data.length; i += block.numbers, at += block.bytes)
    block.read(bytes, at, data, i);
  return data;
}
