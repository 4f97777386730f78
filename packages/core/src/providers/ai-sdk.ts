import { splitAtHash } from './hash-name.js';
import { defineProvider } from './provider.js';

const EXAMPLE = 'ai-sdk:@ai-sdk/google#gemini-2.5-flash';
const PACKAGE = /^(@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*$/;

const split = (name: string): [packageName: string, model: string] => splitAtHash(name, PACKAGE, EXAMPLE);

/**
 * Any provider package of the AI SDK that the user has installed: `ai-sdk:PACKAGE#MODEL`. Its key comes from the variable
 * that the package itself reads, or from `api_key_env`; in a Lambda bundle name the variable there, so that the function
 * is given it.
 */
export const aiSdk = defineProvider({
  name: 'ai-sdk',
  example: EXAMPLE,
  loads: ['./sdk-package.js'],
  settings: ['seed'],
  needs: (name) => ({ package: split(name)[0] }),
  async open(name, config, context) {
    const { openSdkPackage } = await import('./sdk-package.js');
    return openSdkPackage(...split(name), config, context);
  },
});
