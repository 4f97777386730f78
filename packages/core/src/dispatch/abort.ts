/**
 * Settles as `work` does, or rejects with `reason()` as soon as `signal` aborts; what `work` does after that is nobody's
 * business.
 */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal, reason: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(reason());
    const stay = (): void => signal.removeEventListener('abort', leave);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave);
    work.then(resolve, reject).finally(stay);
  });
}

/**
 * The reason of a signal that only ends timers and listeners of work that is done. It is made once: every `abort()` without
 * a reason makes an error with its stack, for each call.
 */
export const ENDED = new DOMException('the work that this signal was for has ended', 'AbortError');

/** A controller that also aborts when `parent` does. `unlink` when it is no longer needed. */
export function childController(parent: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow);
  return { controller, unlink: () => parent.removeEventListener('abort', follow) };
}
