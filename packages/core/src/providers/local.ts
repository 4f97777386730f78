import { resolve } from 'node:path';
import { wrong } from './keys.js';
import { defineProvider } from './provider.js';

/** A Hugging Face folder that the engine runs. */
export const local = defineProvider({
  name: 'local',
  example: 'local:models/judge',
  loads: [],
  isLocal: true,
  settings: [],
  needs: (folder) => ({ folder }),
  open(folder, config, { localModel, baseDir }) {
    if (localModel) return localModel(resolve(baseDir, folder));
    throw wrong(config, 'this command cannot run local models; name a model behind an API');
  },
});
