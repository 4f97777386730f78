export { parseModelId, PROVIDERS, type ModelId, type Provider } from './model-id.js';
export { networkFetch } from './network.js';
export { openModel, type OpenModelOptions } from './open-model.js';
export { modelFields, modelSchema, type ModelConfig, type Price } from './schema.js';
