/**
 * The report's style sheet. Model colors are taken from Okabe and Ito's color-blind safe palette, darkened on white
 * and lightened on black until they have a contrast of at least 3:1 with the page.
 */
export const styles = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f8; --ink: #1b1f24; --muted: #59636e; --grid: #e3e6ea; --line: #d0d5db;
  --base: #7a828c; --sft: #b86a00; --rft: #0068a8; --other: #8a4f7d;
  --series-0: #00775c; --series-1: #9a3f80; --series-2: #a34a00; --series-3: #4b55b5; --series-4: #6b6400; --series-5: #b02a37;
  --mark: #ffe9a3; --mark-ink: #1b1f24; --good: #00664d; --bad: #a3231f; --warn: #8a5200;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --panel: #1d2127; --ink: #e6e9ed; --muted: #9ea8b3; --grid: #2b3138; --line: #3a424b;
    --base: #98a2ad; --sft: #e9a13b; --rft: #56b4e9; --other: #d59ac6;
    --series-0: #35c9a1; --series-1: #dd93c6; --series-2: #f0945a; --series-3: #9aa5ff; --series-4: #cfc54a; --series-5: #ff8a8f;
    --mark: #5c4a10; --mark-ink: #fff3cf; --good: #46cfa5; --bad: #ff8f85; --warn: #efb45a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 1.375rem; margin: 56px 0 16px; padding-top: 12px; border-top: 1px solid var(--line); }
h3, h4, h5 { margin: 16px 0 6px; line-height: 1.3; }
h4 { font-size: 0.9375rem; } h5 { font-size: 0.875rem; }
p { margin: 0 0 8px; overflow-wrap: anywhere; }
main > section > p, header > p { max-width: 75ch; }
code, pre { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
a { color: var(--rft); }
q, code, pre, .text, h1, summary, td, th, dd { unicode-bidi: isolate; }
.muted, .about { color: var(--muted); font-size: 0.875rem; }
.about { display: block; font-weight: 400; }
.kicker { color: var(--muted); font-size: 0.875rem; margin: 0; }
.banner { border: 1px solid var(--line); border-left: 6px solid var(--muted); background: var(--panel); border-radius: 4px; padding: 12px 16px; margin: 0 0 12px; }
.banner p:last-child { margin-bottom: 0; }
.verdict { font-size: 1.125rem; }
.outcome-better, .gate-passed { border-left-color: var(--good); }
.outcome-worse, .gate-failed { border-left-color: var(--bad); }
.outcome-disputed, .outcome-unconfirmed, .gate-insufficient-data { border-left-color: var(--warn); }
nav { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 16px 0 0; font-size: 0.9375rem; }
.grid { display: grid; gap: 24px 20px; margin: 0 0 24px; }
.charts { grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); }
.bars { grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); } .bars figure { max-width: 540px; }
.curves { grid-template-columns: 44fr 62fr; }
figure { display: flex; flex-direction: column; margin: 0; min-width: 0; }
.wide { overflow-x: auto; } .wide .plot { min-width: 480px; }
figure > .plot { margin-top: auto; }
figcaption { font-size: 0.875rem; line-height: 1.35; margin-bottom: 6px; color: var(--muted); }
figcaption strong { display: block; font-size: 0.9375rem; color: var(--ink); }
.charts figure { max-width: 340px; }
.alone { max-width: 820px; margin: 0 0 24px; }
.alone figure + figure { margin-top: 28px; }
.plot { display: block; width: 100%; height: auto; overflow: visible; font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
.plot text, .plot tspan { white-space: pre; }
.scroll { overflow: auto; }
.scroll:focus-visible, .wide:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid var(--rft); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; margin: 0 0 24px; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); font-size: 0.875rem; padding: 0 0 6px; }
caption span { display: block; position: sticky; left: 0; max-width: calc(100vw - 28px); }
.n { color: var(--muted); font-size: 0.8125rem; margin-left: 4px; }
th, td { text-align: left; vertical-align: top; padding: 7px 16px 7px 0; border-bottom: 1px solid var(--grid); }
th[scope=row] { font-weight: 500; overflow-wrap: anywhere; min-width: 9rem; max-width: 26rem; }
td { white-space: nowrap; }
thead th { border-bottom: 1px solid var(--line); font-weight: 600; white-space: nowrap; }
.model::before { content: ""; display: inline-block; width: 0.7em; height: 0.7em; margin-right: 0.45em; border-radius: 2px; background: var(--hue); }
.model-base { --hue: var(--base); } .model-sft { --hue: var(--sft); } .model-rft { --hue: var(--rft); } .model-other { --hue: var(--other); }
.outcome.pass { color: var(--good); font-weight: 600; } .outcome.fail { color: var(--bad); font-weight: 700; } .outcome.insufficient-data { color: var(--warn); font-weight: 600; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 0 32px; margin: 0 0 24px; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
.facts > div { padding: 6px 0; border-bottom: 1px solid var(--grid); min-width: 0; }
dt { color: var(--muted); font-size: 0.8125rem; } dd { margin: 0; overflow-wrap: anywhere; }
.example { border: 1px solid var(--line); border-radius: 4px; margin: 0 0 12px; padding: 0 16px; }
.example[open] { padding-bottom: 16px; }
summary { cursor: pointer; padding: 10px 0; overflow-wrap: anywhere; }
.source { display: grid; grid-template-columns: 2fr 1fr; gap: 0 20px; }
.source > div, .answer { min-width: 0; }
.text, pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); border-radius: 4px; padding: 10px 12px; margin: 0 0 8px; max-height: 24rem; font-size: 0.875rem; }
pre { font-size: 0.8125rem; }
mark { background: var(--mark); color: var(--mark-ink); border-radius: 2px; padding: 1px 0; }
mark::after { content: attr(data-by); font-size: 0.6875rem; font-weight: 600; vertical-align: super; line-height: 1; padding: 0 3px; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 270px), 1fr)); gap: 16px 20px; margin-top: 8px; }
.answer { border-top: 4px solid var(--hue); font-size: 0.875rem; }
.note { border-left: 3px solid var(--line); padding-left: 8px; }
.verdicts ul { list-style: none; margin: 0; padding: 0; }
.verdicts li { border-top: 1px solid var(--grid); padding: 6px 0 0; }
.verdicts p { margin: 0 0 4px; }
.score { white-space: nowrap; font-variant-numeric: tabular-nums; }
.banner ul { margin: 0 0 8px; padding-left: 1.25em; }
.family { margin: 0 0 40px; }
.family h3 { font-size: 1.125rem; margin-top: 28px; }
.family > figure { margin: 0 0 20px; max-width: 860px; }
.family > figure:not(.wide) { max-width: 460px; }
.family .wide .plot { min-width: 640px; }
.tables { display: flex; flex-wrap: wrap; gap: 0 40px; }
.about.note { padding-left: 8px; }
.behind { border-left: 3px solid var(--line); padding: 0 0 0 14px; margin: 0 0 12px; }
.behind > summary { padding: 4px 0; color: var(--rft); }
.exhibit { border-top: 1px solid var(--line); padding: 10px 0 4px; }
.exhibit .answer { border-top: 0; }
.exhibit h6 { margin: 4px 0; font-size: 0.8125rem; font-weight: 500; color: var(--muted); }
.exhibit h5 { margin: 4px 0; }
.exhibit pre { max-height: 16rem; }
.heat { --share: 0%; background: color-mix(in srgb, var(--bad) var(--share), var(--page)); }
.heat-1 { --share: 10%; } .heat-2 { --share: 20%; } .heat-3 { --share: 30%; } .heat-4 { --share: 40%; } .heat-5 { --share: 50%; }
.heat-good { background: color-mix(in srgb, var(--good) var(--share), var(--page)); }
.heat-none { background: none; color: var(--muted); }
.heatmap { font-size: 0.875rem; min-width: 34rem; }
.heatmap th[scope=row] { min-width: 7rem; }
.heatmap td { white-space: normal; } .heatmap td, .heatmap thead th + th { padding-left: 8px; }
.heatmap td.heat { white-space: nowrap; }
.heatmap ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px; margin: 0; padding: 0; }
li.heat { border: 1px solid var(--line); border-radius: 3px; padding: 1px 6px; font-size: 0.8125rem; }
li.heat-none { border-style: dashed; }
.confusion { width: auto; font-size: 0.875rem; }
.confusion td, .confusion thead th + th { text-align: right; padding: 5px 12px; }
.confusion th[scope=row] { min-width: 4rem; }
@media (max-width: 760px) {
  main { padding: 20px 14px 40px; }
  h1 { font-size: 1.5rem; }
  .curves, .source { grid-template-columns: 1fr; }
  .charts figure { max-width: none; }
}
@media print {
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  .scroll, .text, pre { overflow: visible; max-height: none; }
  figure, tr, .exhibit, .banner, .verdicts li { break-inside: avoid; }
  h2, h3, h4, h5, summary { break-after: avoid; }
  .banner, .text, pre, mark, .heat, .model::before { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
