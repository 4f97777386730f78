/** `read`, done once: a reply is read to see whether it may be kept, and again for its verdict. */
export function once<A extends readonly unknown[], T extends object>(read: (...about: A) => T): typeof read {
  let last: { about: A; value: T } | undefined;
  return (...about) => {
    if (last === undefined || about.some((one, i) => one !== last!.about[i]))
      last = { about, value: read(...about) };
    return last.value;
  };
}
