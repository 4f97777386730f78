import { defineProvider } from './provider.js';

/** Repeats the last message. */
export const parrot = defineProvider({
  name: 'parrot',
  example: 'parrot:polly',
  loads: [],
  settings: [],
  open: (name, { model }) =>
    Promise.resolve({
      id: model,
      version: name,
      structuredOutput: false,
      generate: ({ messages }) =>
        Promise.resolve({
          text: messages.at(-1)!.content,
          finish: 'stop',
          inputTokens: 1,
          outputTokens: 1,
        }),
    }),
});
