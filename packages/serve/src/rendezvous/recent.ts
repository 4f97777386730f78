/** What happened a moment ago, by key: the newest `limit` entries, for `ttlMs` each. */
export interface Recent<T> {
  put(key: string, value: T): void;
  /** The entry, which is forgotten by this. */
  take(key: string): T | undefined;
}

export function createRecent<T>(ttlMs: number, limit: number): Recent<T> {
  const entries = new Map<string, { value: T; until: number }>();
  return {
    put(key, value) {
      entries.delete(key);
      entries.set(key, { value, until: performance.now() + ttlMs });
      for (const [oldest, { until }] of entries) {
        if (entries.size <= limit && until > performance.now()) break;
        entries.delete(oldest);
      }
    },
    take(key) {
      const entry = entries.get(key);
      entries.delete(key);
      return entry !== undefined && entry.until > performance.now() ? entry.value : undefined;
    },
  };
}
