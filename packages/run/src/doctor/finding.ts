/** What a check of `touchstone doctor` found. */
export interface Finding {
  what: string;
  /** `warning`: it will run, and may not do what was meant. */
  level: 'ok' | 'warning' | 'failed';
  detail: string;
}

export const ok = (what: string, detail: string): Finding => ({ what, level: 'ok', detail });
export const warning = (what: string, detail: string): Finding => ({ what, level: 'warning', detail });
export const failed = (what: string, detail: string): Finding => ({ what, level: 'failed', detail });
