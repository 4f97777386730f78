import type { Example } from '@touchstone/spec';
import type { VNode } from 'preact';
import { decimal, NO_DATA } from '../format.js';
import { highlight } from '../highlight.js';
import { layOutJson } from '../json-text.js';
import { modelClass, modelLabel } from '../names.js';
import { Section } from './parts.js';

type Answer = Example['answers'][number];
type ItemVerdict = Answer['verdicts'][number];

/** Examples shown open; the others open on a click, and all are printed. */
const OPEN = 3;

function score(value: number | null): string {
  return value === null ? NO_DATA : decimal(value);
}

function Document({ example }: { example: Example }): VNode {
  const segments = highlight(
    example.document,
    example.answers.map(({ model, quotes }) => ({ by: modelLabel(model), quotes })),
  );
  return (
    <div class="text scroll" tabIndex={0} role="region" aria-label="Document">
      {segments.map(({ text, by }) =>
        by.length === 0 ? (
          text
        ) : (
          <mark data-by={by.join(', ')} title={`quoted by ${by.join(', ')}`}>
            {text}
          </mark>
        ),
      )}
    </div>
  );
}

/** Verdicts by item, in the order they come; null is the answer as a whole. */
function byItem(verdicts: readonly ItemVerdict[]): [number | null, ItemVerdict[]][] {
  const groups = new Map<number | null, ItemVerdict[]>();
  for (const v of verdicts) groups.set(v.item, [...(groups.get(v.item) ?? []), v]);
  return [...groups];
}

function Verdicts({ verdicts }: { verdicts: readonly ItemVerdict[] }): VNode {
  return (
    <>
      {byItem(verdicts).map(([item, group]) => (
        <div class="verdicts">
          <h5>{item === null ? 'The judge on the whole answer' : `The judge on item ${item + 1}`}</h5>
          <ul>
            {group.map((v) => (
              <li>
                <p>
                  {v.criterion === null ? null : <strong>{v.criterion} </strong>}
                  <span class="score">
                    {decimal(v.score)}
                    {v.criterion === null ? '' : ` (value ${v.value})`}
                  </span>
                </p>
                {v.evidence ? (
                  <p>
                    Evidence: <q>{v.evidence}</q>
                  </p>
                ) : null}
                {v.reason ? <p>Reason: {v.reason}</p> : null}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </>
  );
}

function AnswerCard({ answer, document }: { answer: Answer; document: string }): VNode {
  const json = layOutJson(answer.response);
  const lost = answer.quotes.filter((quote) =>
    highlight(document, [{ by: '', quotes: [quote] }]).every((s) => s.by.length === 0),
  );
  return (
    <div class={`answer ${modelClass(answer.model)}`}>
      <h4 class={`model ${modelClass(answer.model)}`}>{modelLabel(answer.model)}</h4>
      <p>
        Judge score <strong>{score(answer.score)}</strong>, truth score <strong>{score(answer.truth)}</strong>
        {json === undefined ? '. Not a JSON object or list: shown as it was written.' : null}
      </p>
      {answer.note ? <p class="note">{answer.note}</p> : null}
      {answer.response.trim() === '' ? (
        <p class="muted">The answer is empty.</p>
      ) : (
        <pre class="scroll" tabIndex={0} role="region" aria-label={`Answer of ${modelLabel(answer.model)}`}>
          <code>{json ?? answer.response}</code>
        </pre>
      )}
      {lost.length > 0 ? <p class="muted">Not found in the document: {lost.join(' / ')}</p> : null}
      {answer.verdicts.length > 0 ? (
        <Verdicts verdicts={answer.verdicts} />
      ) : (
        <p class="muted">No verdict of the judge.</p>
      )}
    </div>
  );
}

function ExampleCard({ example, open }: { example: Example; open: boolean }): VNode {
  return (
    <details class="example" open={open}>
      <summary>
        <strong>{example.task}</strong>{' '}
        <span class="muted">
          {example.answers.map(({ model, score: s }) => `${modelLabel(model)} ${score(s)}`).join(' · ')}
        </span>
      </summary>
      <div class="source">
        <div>
          <h4>Document</h4>
          {example.document ? <Document example={example} /> : <p class="muted">No document.</p>}
        </div>
        <div>
          <h4>Reference</h4>
          <div class="text scroll" tabIndex={0} role="region" aria-label="Reference">
            {example.reference ? (layOutJson(example.reference) ?? example.reference) : 'No reference.'}
          </div>
        </div>
      </div>
      <div class="answers">
        {example.answers.map((answer) => (
          <AnswerCard answer={answer} document={example.document} />
        ))}
      </div>
    </details>
  );
}

/** Rollouts side by side: what the models wrote to the same task, and what the judge said of it. */
export function Examples({ examples }: { examples: readonly Example[] }): VNode {
  return (
    <Section id="examples" title="Answers side by side">
      {examples.length === 0 ? (
        <p>No answers were kept: {NO_DATA}.</p>
      ) : (
        <p class="muted">
          The summary line has each model's judge score. Marked in the document: what an answer quotes, with
          the names of the models that quote it.
        </p>
      )}
      {examples.map((example, i) => (
        <ExampleCard example={example} open={i < OPEN} />
      ))}
    </Section>
  );
}
