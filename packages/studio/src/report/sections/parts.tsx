import type { Metric } from '@touchstone/spec';
import type { ComponentChildren, VNode } from 'preact';

/** A section of the page with its heading; `id` is what the contents link to. */
export function Section(props: { id: string; title: string; children: ComponentChildren }): VNode {
  return (
    <section id={props.id} aria-labelledby={`${props.id}-title`}>
      <h2 id={`${props.id}-title`}>{props.title}</h2>
      {props.children}
    </section>
  );
}

/** A chart with its caption. A wide one scrolls on a narrow screen instead of shrinking until it cannot be read. */
export function Figure(props: {
  title: string;
  caption?: string;
  wide?: boolean;
  children: ComponentChildren;
}): VNode {
  return (
    <figure {...(props.wide ? { class: 'wide', tabIndex: 0 } : {})}>
      <figcaption>
        <strong>{props.title}</strong>
        {props.caption ? <span> {props.caption}</span> : null}
      </figcaption>
      {props.children}
    </figure>
  );
}

/** A table that scrolls in its own container, by keyboard too. The first cell of a row is its header. */
export function Table(props: {
  caption: string;
  head: readonly ComponentChildren[];
  rows: readonly (readonly ComponentChildren[])[];
}): VNode {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={props.caption}>
      <table>
        <caption>
          <span>{props.caption}</span>
        </caption>
        <thead>
          <tr>
            {props.head.map((cell) => (
              <th scope="col">{cell}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map(([first, ...rest]) => (
            <tr>
              <th scope="row">{first}</th>
              {rest.map((cell) => (
                <td>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Names with their values; rows without a value are left to the caller to leave out. */
export function Facts(props: { rows: readonly (readonly [string, ComponentChildren])[] }): VNode {
  return (
    <dl class="facts">
      {props.rows.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** `Answer length, tokens`. */
export function metricTitle({ label, unit }: Metric): string {
  return unit === null ? label : `${label}, ${unit}`;
}

/** What a metric means, and which way is better where there is one. */
export function metricCaption({ about, better }: Metric): string {
  return better === 'neither'
    ? about
    : `${about} ${better === 'higher' ? 'Higher' : 'Lower'} is better.`.trim();
}
