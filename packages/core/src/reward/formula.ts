import { InputError } from '@touchstone/spec';
import jsep, { type Expression } from 'jsep';

// A power, which jsep otherwise reads as bitwise "or": above the product, from right to left.
jsep.addBinaryOp('^', 11, true);

/** An arithmetic expression over named scores. */
export interface Formula {
  /** The names it uses, each once. */
  names: readonly string[];
  /** @returns the value, which may be infinite or NaN: a division by 0, the root of a negative number. */
  evaluate(valueOf: (name: string) => number): number;
}

const FUNCTIONS: Record<string, { arity: number; apply: (...values: number[]) => number }> = {
  // arity 0: one or more.
  min: { arity: 0, apply: Math.min },
  max: { arity: 0, apply: Math.max },
  abs: { arity: 1, apply: Math.abs },
  floor: { arity: 1, apply: Math.floor },
  ceil: { arity: 1, apply: Math.ceil },
  exp: { arity: 1, apply: Math.exp },
  sqrt: { arity: 1, apply: Math.sqrt },
  log: { arity: 1, apply: Math.log },
};
const MAX_LENGTH = 1000;

type Node = (valueOf: (name: string) => number) => number;

/**
 * Reads a formula: numbers, names, `+ - * / ^`, parentheses, and `min max abs floor ceil exp sqrt log` (natural).
 * This is the language of `calculate_output` in OpenAI's multi graders, and nothing else is in it.
 *
 * @throws {InputError} for anything else; the message says what and where.
 */
export function parseFormula(text: string): Formula {
  if (text.length > MAX_LENGTH) throw wrong(text, `expected at most ${MAX_LENGTH} characters`);
  let tree: Expression;
  try {
    tree = jsep(text);
  } catch (cause) {
    throw wrong(text, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const names = new Set<string>();
  const root = compile(tree, text, names);
  return { names: [...names], evaluate: root };
}

function compile(node: Expression, text: string, names: Set<string>): Node {
  switch (node.type) {
    case 'Literal': {
      const { value } = node as { value?: unknown };
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw wrong(text, `unexpected ${String(value)}`);
      return () => value;
    }
    case 'Identifier': {
      const name = node['name'] as string;
      names.add(name);
      return (valueOf) => valueOf(name);
    }
    case 'UnaryExpression': {
      const { operator, argument } = node as unknown as { operator: string; argument: Expression };
      const inner = compile(argument, text, names);
      if (operator === '-') return (valueOf) => -inner(valueOf);
      if (operator === '+') return inner;
      throw wrong(text, `unknown operator "${operator}"`);
    }
    case 'BinaryExpression': {
      const { operator, left, right } = node as unknown as {
        operator: string;
        left: Expression;
        right: Expression;
      };
      const [a, b] = [compile(left, text, names), compile(right, text, names)];
      const apply = binary(operator);
      if (!apply) throw wrong(text, `unknown operator "${operator}"`);
      return (valueOf) => apply(a(valueOf), b(valueOf));
    }
    case 'CallExpression': {
      const { callee, arguments: given } = node as unknown as { callee: Expression; arguments: Expression[] };
      const name = callee.type === 'Identifier' ? (callee['name'] as string) : '';
      const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]! : undefined;
      if (!known) throw wrong(text, `unknown function; known are ${Object.keys(FUNCTIONS).join(', ')}`);
      if (known.arity === 0 ? given.length === 0 : given.length !== known.arity)
        throw wrong(text, `${name} takes ${known.arity || 'one or more'}, got ${given.length}`);
      const values = given.map((one) => compile(one, text, names));
      return (valueOf) => known.apply(...values.map((value) => value(valueOf)));
    }
    default:
      throw wrong(text, `expected one expression of numbers, names and + - * / ^, got ${node.type}`);
  }
}

function binary(operator: string): ((a: number, b: number) => number) | undefined {
  switch (operator) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return (a, b) => a * b;
    case '/':
      return (a, b) => a / b;
    case '^':
      return (a, b) => a ** b;
    default:
      return undefined;
  }
}

function wrong(text: string, message: string, cause?: unknown): InputError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new InputError([{ message: `the formula "${shown}": ${message}` }], { cause });
}
