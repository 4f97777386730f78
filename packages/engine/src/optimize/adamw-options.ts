export interface AdamWOptions {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** Decoupled decay; norms, biases and embeddings are left out. */
  weightDecay: number;
  /** Gradients are scaled so that their global norm is at most this. */
  maxGradNorm: number;
}

export const ADAMW_DEFAULTS: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
};
