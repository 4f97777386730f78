import { InputError } from '@touchstone/spec';
import type { Architecture } from '../families/family.js';
import type { Parameter } from './parameters.js';

/**
 * A folder's tensors as the weights of an architecture. Every tensor must have its place: one too many says that config.json
 * describes another model.
 * @throws {InputError} naming the weight that is missing, has another shape, or is not known
 */
export function takeParameters(
  architecture: Pick<Architecture, 'parameterShapes' | 'repeats'>,
  stored: ReadonlyMap<string, Parameter>,
  folder: string,
): Map<string, Parameter> {
  const wrong = (problem: string): InputError => InputError.at({ file: folder }, problem);
  const parameters = new Map<string, Parameter>();
  for (const [name, shape] of architecture.parameterShapes()) {
    const found = stored.get(name);
    if (!found) throw wrong(`weight ${name} is missing`);
    if (found.shape.join() !== shape.join())
      throw wrong(`weight ${name}: expected shape [${shape}], found [${found.shape}]`);
    parameters.set(name, found);
  }
  for (const [name, { data }] of stored) {
    if (parameters.has(name)) continue;
    const original = architecture.repeats(name);
    if (original === undefined)
      throw wrong(`weight ${name} has no place in the model that config.json describes`);
    if (original !== null && !isEqual(data, parameters.get(original)!.data))
      throw wrong(`weight ${name} differs from ${original}, but config.json says that they are the same`);
  }
  return parameters;
}

const isEqual = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
