import { splitAtHash } from './hash-name.js';
import { defineProvider } from './provider.js';

const EXAMPLE = 'code:./my-provider.mjs#my-model';

const split = (name: string): [file: string, model: string] => splitAtHash(name, /\.m?[jt]s$/, EXAMPLE);

/** A module of the user's own beside the configuration, with an `OpenOwnModel` as its default export. */
export const code = defineProvider({
  name: 'code',
  example: EXAMPLE,
  loads: ['./own-model.js'],
  // The module sees them in its `config`.
  settings: ['seed', 'max_tokens_field', 'extra_body'],
  needs: (name) => ({ module: split(name)[0] }),
  async open(name, config, context) {
    const { openOwnModel } = await import('./own-model.js');
    return openOwnModel(...split(name), config, context);
  },
});
