/** verl's names of figures that a step has by ours. */
const OURS: Readonly<Record<string, string>> = {
  'actor/loss': 'loss',
  'actor/grad_norm': 'grad_norm',
  'actor/kl_loss': 'kl',
  'actor/entropy': 'entropy',
  'actor/pg_clipfrac': 'clip_fraction',
};

/** Of the rest what says something of the update, or of what differs between verl's two engines: it logs a hundred figures. */
const KEPT = /^(actor\/(?!lr$|kl_coef$|perf\/)|rollout_corr\/|training\/rollout_)/;

/** Figures that verl has logged of a step, by our names; those that we have no name for with `verl/` in front. */
export function learnedOf(logged: Readonly<Record<string, number | null>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(logged)
      .filter(([name]) => KEPT.test(name))
      .map(([name, value]) => [OURS[name] ?? `verl/${name}`, value]),
  );
}
