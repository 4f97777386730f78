import { ProviderError } from '@touchstone/spec';
import type { CallsConfig } from './schema.js';

/** US dollars, and input and output tokens. */
export interface Cost {
  money: number;
  tokens: number;
}

export interface Reservation {
  /** What the call really cost; called once. */
  settle(cost: Cost): void;
}

export interface Budget {
  /** Sets aside what a call may cost at most; undefined when that does not fit now, or others wait for it already. */
  tryReserve(atMost: Cost): Reservation | undefined;
  /**
   * The same, waiting where it may fit when calls in flight have turned out cheaper. Rejects with a ProviderError of
   * reason `budget` when it does not fit, with `cancelled()` when `signal` aborts.
   */
  reserve(
    atMost: Cost,
    options: { signal: AbortSignal; cancelled: () => ProviderError },
  ): Promise<Reservation>;
  /** Why a reservation is refused. */
  exhausted(): ProviderError;
}

interface Waiting {
  atMost: Cost;
  grant(): void;
  refuse(error: ProviderError): void;
}

/** Rounding in sums of money must not refuse the last call that fits. */
const SLACK = 1e-9;

/**
 * A budget that calls in flight cannot exceed together: spent + reserved never passes the limit, as long as no call
 * costs more than was reserved for it. Who waits is served in order.
 */
export function createBudget(limits: CallsConfig['budget'] = {}): Budget {
  const limit: Cost = { money: limits.money ?? Infinity, tokens: limits.tokens ?? Infinity };
  const spent: Cost = { money: 0, tokens: 0 };
  const reserved: Cost = { money: 0, tokens: 0 };
  let open = 0;
  const waiting = new Set<Waiting>();

  const fits = (cost: Cost): boolean =>
    spent.money + reserved.money + cost.money <= limit.money * (1 + SLACK) &&
    spent.tokens + reserved.tokens + cost.tokens <= limit.tokens;

  function take(atMost: Cost): Reservation {
    add(reserved, atMost, 1);
    open++;
    return {
      settle(cost) {
        add(reserved, atMost, -1);
        add(spent, cost, 1);
        // Sums of fractions leave a rest.
        if (--open === 0) reserved.money = 0;
        serve();
      },
    };
  }

  function serve(): void {
    for (const one of waiting) {
      if (fits(one.atMost)) one.grant();
      else if (open === 0) one.refuse(exhausted());
      else return;
    }
  }

  function exhausted(): ProviderError {
    const left =
      limit.money < Infinity
        ? `${spent.money.toFixed(4)} of ${limit.money} US dollars are spent`
        : `${spent.tokens} of ${limit.tokens} tokens are spent`;
    return new ProviderError(
      `the budget is used up: ${left}, and the next call may cost more than what is left`,
      {
        reason: 'budget',
        isRetryable: false,
      },
    );
  }

  const tryReserve = (atMost: Cost): Reservation | undefined =>
    waiting.size === 0 && fits(atMost) ? take(atMost) : undefined;

  return {
    exhausted,
    tryReserve,
    reserve(atMost, { signal, cancelled }) {
      const reservation = tryReserve(atMost);
      if (reservation) return Promise.resolve(reservation);
      if (open === 0) return Promise.reject(exhausted());
      return new Promise((resolve, reject) => {
        const one: Waiting = {
          atMost,
          grant() {
            leave();
            resolve(take(atMost));
          },
          refuse(error) {
            leave();
            reject(error);
          },
        };
        const leave = (): void => {
          waiting.delete(one);
          signal.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          one.refuse(cancelled());
          serve();
        };
        if (signal.aborted) return reject(cancelled());
        signal.addEventListener('abort', abort);
        waiting.add(one);
      });
    },
  };
}

function add(sum: Cost, cost: Cost, sign: 1 | -1): void {
  sum.money += sign * cost.money;
  sum.tokens += sign * cost.tokens;
}
