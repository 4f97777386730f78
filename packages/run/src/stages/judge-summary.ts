import { FAMILIES, type ValidationResult } from '@touchstone/lab';
import type { JudgeSummary } from '@touchstone/spec';
import type { ExaminationResult } from './examine.js';

/** The part of a judge's summary that its examination gives. */
export const foundOut = ({
  findings,
  details,
  gate,
  notAsked,
}: Pick<ValidationResult, 'findings' | 'details' | 'gate' | 'notAsked'>): Pick<
  JudgeSummary,
  'findings' | 'families' | 'details' | 'gate' | 'not_asked'
> => ({
  findings,
  families: FAMILIES.map(({ name, title }) => ({ name, title })),
  details,
  gate,
  not_asked: notAsked,
});

/** What a report says of a judge that was examined and nothing else. */
export function judgeSummary(result: ExaminationResult): JudgeSummary {
  const { certificate, usage, abstentions } = result;
  return {
    id: certificate.judge.id,
    fingerprint: certificate.judge.fingerprint,
    heldout_id: certificate.heldout?.id ?? null,
    heldout_fingerprint: certificate.heldout?.fingerprint ?? null,
    calls: usage.calls,
    saved: usage.saved,
    abstained: Object.values(abstentions).reduce((a, b) => a + b, 0),
    abstentions,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    money: usage.money,
    metrics: {},
    ...foundOut(result),
    override_reason: null,
    certificate: certificate.hash,
  };
}
