import type { Estimate } from '@touchstone/spec';

export interface Finding {
  name: string;
  description: string;
  estimate: Estimate | null;
  gate?: { min: number } | { max: number };
  least?: number;
  absent?: string;
}
