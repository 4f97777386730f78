import * as Plot from '@observablehq/plot';
// The same in one file: its 150 modules take longer to load than the charts to draw.
import { parseHTML } from 'linkedom/worker';
import { h, type JSX, type VNode } from 'preact';

/** Drawn at this size and scaled by the page; text stays legible down to about two thirds of it. */
const FONT_SIZE = 13;

/**
 * Plot draws into a DOM; the page is built of preact nodes. Copying node by node means that labels made of model names
 * and criteria are escaped by the one mechanism that escapes everything else.
 */
function toNode(element: Element): JSX.Element {
  const attributes = Object.fromEntries(
    [...element.attributes]
      .filter(({ name }) => !name.startsWith('aria-') && name !== 'style')
      .map(({ name, value }) => [name, value]),
  );
  const children = [...element.childNodes].flatMap((child): (string | VNode)[] => {
    if (child.nodeType === 3) return [child.textContent ?? ''];
    const inner = child as Element;
    // Plot's own style element: the page's stylesheet has these rules, and the page's policy allows no other.
    return child.nodeType === 1 && inner.localName !== 'style' ? [toNode(inner)] : [];
  });
  return h(element.localName, attributes, ...children);
}

/** Draws a plot as static SVG. `description` is what a screen reader says in its place. */
export function drawPlot(options: Plot.PlotOptions, description: string): VNode {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const svg = Plot.plot({ className: 'plot', ...options, document });
  const node = toNode(svg);
  return h('svg', { ...node.props, 'font-size': FONT_SIZE, role: 'img', 'aria-label': description });
}

/** The scale of scores: 0 to 1, wider only where the values are. */
export function scoreDomain(values: readonly number[]): [number, number] {
  return [values.reduce((a, b) => Math.min(a, b), 0), values.reduce((a, b) => Math.max(a, b), 1)];
}
