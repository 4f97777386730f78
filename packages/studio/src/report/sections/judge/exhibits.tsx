import type { Exhibit } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal } from '../../format.js';
import { layOutJson } from '../../json-text.js';

type Shown = Exhibit['shown'][number];

function Text({ label, text, empty }: { label: string; text: string; empty: string }): VNode {
  return text.trim() === '' ? (
    <p class="muted">{empty}</p>
  ) : (
    <pre class="scroll" tabIndex={0} role="region" aria-label={label}>
      <code>{layOutJson(text) ?? text}</code>
    </pre>
  );
}

function Side({ shown: { title, answer, label, score, reply } }: { shown: Shown }): VNode {
  return (
    <div class="answer">
      <h5>{title}</h5>
      <p>
        Judge <strong>{score === null ? 'no verdict' : decimal(score)}</strong>
        {label === null ? null : (
          <>
            , labels <strong>{decimal(label)}</strong>
          </>
        )}
      </p>
      {answer === null ? (
        <p class="muted">The same answer.</p>
      ) : (
        <Text label={title} text={answer} empty="The answer is empty." />
      )}
      <h6>What the judge wrote</h6>
      <Text label={`Reply of the judge, ${title}`} text={reply} empty="Nothing that was kept." />
    </div>
  );
}

/** The worst that the judge said, as it said it. */
export function Exhibits({ exhibits }: { exhibits: readonly Exhibit[] }): VNode | null {
  if (exhibits.length === 0) return null;
  return (
    <details class="behind">
      <summary>What it said: the worst {exhibits.length === 1 ? 'case' : `${exhibits.length} cases`}</summary>
      {exhibits.map(({ task, claim, shown }) => (
        <div class="exhibit">
          <p>
            <strong>{task}</strong> {claim}
          </p>
          <div class="answers">
            {shown.map((one) => (
              <Side shown={one} />
            ))}
          </div>
        </div>
      ))}
    </details>
  );
}
