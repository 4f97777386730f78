import { VARIANT_NAMES, type Judge, type JudgeVariant, type VariantName } from './judge.js';

/** A variant for each name that has settings, in the order of the names. */
export function variantsOf<Settings>(
  settings: Partial<Record<VariantName, Settings | null>>,
  open: (settings: Settings) => Judge,
): JudgeVariant[] {
  return VARIANT_NAMES.flatMap((name) => {
    const own = settings[name];
    return own == null ? [] : [{ name, judge: open(own) }];
  });
}

/**
 * The variants of a judge that is made of others: all of those that have the variant are asked in that way at once.
 *
 * @param combine makes the judge of its members, in their order.
 */
export function variantsTogether(
  members: readonly Judge[],
  combine: (members: readonly Judge[]) => Judge,
): JudgeVariant[] {
  const ofMembers = members.map((member) => member.variants?.() ?? []);
  return VARIANT_NAMES.flatMap((name) => {
    const variants = ofMembers.map((of) => of.find((one) => one.name === name)?.judge);
    if (variants.every((one) => one === undefined)) return [];
    return [{ name, judge: combine(members.map((member, i) => variants[i] ?? member)) }];
  });
}
