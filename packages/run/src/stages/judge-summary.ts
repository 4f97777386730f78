import { FAMILIES, type ValidationResult } from '@touchstone/lab';
import type { Estimate, JudgeSummary, Usage } from '@touchstone/spec';
import type { z } from 'zod';
import type { Workspace } from '../workspace/workspace.js';
import type { ExaminationResult } from './examine.js';
import type { JUDGE } from './stages.js';

/** The part of a judge's summary that its examination gives. */
const foundOut = ({
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

/** What a report says of a judge that was examined and trained against. @param run what it said and cost in the whole run. */
export const judgeOfRun = (
  { judge, heldout }: Pick<Workspace, 'judge' | 'heldout'>,
  examined: z.output<typeof JUDGE.schema>,
  run: { usage: Usage; heldoutUsage: Usage; abstentions: Record<string, number>; agreement: Estimate | null },
): JudgeSummary => ({
  id: judge.id,
  fingerprint: judge.fingerprint,
  heldout_id: heldout?.judge.id ?? null,
  heldout_fingerprint: heldout?.judge.fingerprint ?? null,
  ...costs(run),
  heldout_cost: heldout && paid(run.heldoutUsage),
  metrics: { truth_agreement: run.agreement },
  ...foundOut(examined),
  override_reason: examined.overrideReason,
  certificate: examined.certificate,
});

const costs = ({
  usage,
  abstentions,
}: {
  usage: Usage;
  abstentions: Record<string, number>;
}): Pick<
  JudgeSummary,
  'calls' | 'saved' | 'abstained' | 'abstentions' | 'input_tokens' | 'output_tokens' | 'money'
> => ({
  ...paid(usage),
  abstained: Object.values(abstentions).reduce((a, b) => a + b, 0),
  abstentions,
});

const paid = ({
  calls,
  saved,
  inputTokens,
  outputTokens,
  money,
}: Usage): NonNullable<JudgeSummary['heldout_cost']> => ({
  calls,
  saved,
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  money,
});

/** What a report says of a judge that was examined and nothing else. */
export function judgeSummary(result: ExaminationResult): JudgeSummary {
  const { certificate } = result;
  return {
    id: certificate.judge.id,
    fingerprint: certificate.judge.fingerprint,
    heldout_id: certificate.heldout?.id ?? null,
    heldout_fingerprint: certificate.heldout?.fingerprint ?? null,
    ...costs(result),
    heldout_cost: certificate.heldout && paid(result.heldoutUsage),
    metrics: {},
    ...foundOut(result),
    override_reason: null,
    certificate: certificate.hash,
  };
}
