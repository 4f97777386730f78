export { parseModelId, type ModelId } from './model-id.js';
export { networkFetch } from './network.js';
export { openModel, type OpenModelOptions } from './open-model.js';
export { defineProvider, type Provider } from './provider.js';
export { modelFields, modelSchema, type ModelConfig, type Price } from './schema.js';
export { settingProblems } from './setting-problems.js';
export type { OpenOwnModel } from './own-model.js';
export { findSdkPackage } from './sdk-package.js';
export { PROVIDERS } from './table.js';
