import type { ModelReply, ReplyCache } from '@touchstone/spec';
import type { RunStore } from '@touchstone/store';

/**
 * The replies of a run of several trainings: what one of them has paid for, all find; and it is kept in the store of the one that was at
 * work when it came, so that each store says what its training has cost.
 */
export class CommonReplies implements ReplyCache {
  private readonly stores: RunStore[] = [];
  private atWork: RunStore | undefined;

  /** Finds what the store holds, too. The first one is at work until another is. */
  add(store: RunStore): void {
    this.stores.push(store);
    this.atWork ??= store;
  }

  /** From now on replies are those of this store. */
  workIn(store: RunStore): void {
    this.atWork = store;
  }

  get(key: string): ModelReply | undefined {
    for (const store of this.stores) {
      const reply = store.get(key);
      if (reply) return reply;
    }
    return undefined;
  }

  put(key: string, reply: ModelReply): void {
    this.atWork!.put(key, reply);
  }

  note(key: string, reply: ModelReply): void {
    this.atWork!.note(key, reply);
  }
}
