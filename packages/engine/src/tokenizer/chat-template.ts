import * as jinja from '@huggingface/jinja';
import { InputError, type Message } from '@touchstone/spec';

/** Parts of a template that are evaluated, and rounds of its loops, in one rendering. A conversation of a thousand turns needs about 100,000. */
const MOST_STEPS = 500_000;
/** Longest list that `range` makes. */
const LONGEST_RANGE = 10_000;

/** The parts of the package that its types do not resolve for ES modules. */
interface Environment {
  set(name: string, value: unknown): void;
}
interface Interpreter {
  evaluate(part: Part | undefined, environment: Environment): unknown;
  run(program: unknown): { value: unknown };
}
const { Template } = jinja;
const { Environment, Interpreter } = jinja as unknown as {
  Environment: new () => Environment;
  Interpreter: new (environment: Environment) => Interpreter;
};

const FORMAT_TIME = new Template('{{ strftime_now(format) }}');

interface Part {
  type: string;
  iterable?: Part;
  lhs?: Part;
}

/** Refuses a template that does not end. */
class BoundedInterpreter extends Interpreter {
  private steps = 0;
  /** The lists of loops: an empty loop evaluates nothing on its way. */
  private readonly lists = new WeakSet<object>();

  override evaluate(part: Part | undefined, environment: Environment): unknown {
    this.count(1);
    if (part?.type === 'For') this.lists.add(part.iterable!.lhs ?? part.iterable!);
    const result = super.evaluate(part, environment) as { value: { length?: number; size?: number } };
    if (part && this.lists.has(part)) this.count(result.value.length ?? result.value.size ?? 0);
    return result;
  }

  private count(steps: number): void {
    this.steps += steps;
    if (this.steps > MOST_STEPS) throw new Error(`does not end within ${MOST_STEPS} steps`);
  }
}

/** What templates may use besides the conversation. */
const GLOBALS: Record<string, unknown> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  // Asked for by templates that can also show tools; there are none.
  tools: null,
  documents: null,
  raise_exception: (message: unknown) => {
    throw new Error(`refuses the conversation: ${String(message)}`);
  },
  range: (start: number, stop?: number, step = 1): number[] => {
    const [from, to] = stop === undefined ? [0, start] : [start, stop];
    const length = Math.max(0, Math.ceil((to - from) / step));
    if (!(length <= LONGEST_RANGE)) throw new Error(`range of ${length}; at most ${LONGEST_RANGE}`);
    return Array.from({ length }, (_, i) => from + i * step);
  },
  strftime_now: (format: string) => FORMAT_TIME.render({ format }),
};

/** A model's chat template: Jinja that writes a conversation as text. */
export class ChatTemplate {
  private readonly program: jinja.Template['parsed'];

  /**
   * @param tokens the named special tokens that the template may print; null where the model has none
   * @param file for messages
   * @throws {InputError} when it is no template, or prints a token that nothing names
   */
  constructor(
    source: string,
    private readonly tokens: Readonly<Record<string, string | null>>,
    private readonly file?: string,
  ) {
    const unnamed = /\b(?:bos|eos|unk|sep|pad|cls|mask)_token\b/g;
    for (const [name] of source.matchAll(unnamed)) {
      if (tokens[name] === undefined) {
        throw this.error(`uses ${name}, which tokenizer_config.json does not name; add it, or null for none`);
      }
    }
    try {
      this.program = new Template(source).parsed;
    } catch (cause) {
      throw this.error(`is not Jinja as chat templates use it: ${(cause as Error).message}`, cause);
    }
  }

  /**
   * The conversation as text, up to where the assistant answers.
   * @throws {InputError} when the template refuses it, cannot be run or does not end
   */
  render(messages: readonly Message[]): string {
    const environment = new Environment();
    for (const [name, value] of Object.entries(GLOBALS)) environment.set(name, value);
    for (const [name, value] of Object.entries(this.tokens)) {
      if (value !== null) environment.set(name, value);
    }
    environment.set('messages', messages);
    environment.set('add_generation_prompt', true);
    try {
      return String(new BoundedInterpreter(environment).run(this.program).value);
    } catch (cause) {
      throw this.error((cause as Error).message, cause);
    }
  }

  error(problem: string, cause?: unknown): InputError {
    const message = `chat template: ${problem}`;
    return new InputError([this.file === undefined ? { message } : { place: { file: this.file }, message }], {
      cause,
    });
  }
}
