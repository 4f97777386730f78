/** What was found out about whether this will run, for `touchstone doctor`. */
export interface Finding {
  what: string;
  /** `warning`: it will run, and may not do what was meant. */
  level: 'ok' | 'warning' | 'failed';
  detail: string;
}

/** What is as it should be. */
export const ok = (what: string, detail: string): Finding => ({ what, level: 'ok', detail });
/** What will run and may not do what was meant. */
export const warning = (what: string, detail: string): Finding => ({ what, level: 'warning', detail });
/** What will not run. */
export const failed = (what: string, detail: string): Finding => ({ what, level: 'failed', detail });
