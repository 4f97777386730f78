import type { JudgeDetails, JudgeFinding, JudgeSummary } from '@touchstone/spec';
import type { VNode } from 'preact';
import { bestOfNChart } from '../../charts/best-of-n.js';
import { forestChart } from '../../charts/forest.js';
import { labelBudgetChart } from '../../charts/label-budget.js';
import { lengthChart } from '../../charts/lengths.js';
import { rateChart } from '../../charts/rates.js';
import { reliabilityChart } from '../../charts/reliability.js';
import type { Row } from '../../charts/rows.js';
import { decimal, interval, NO_DATA } from '../../format.js';
import { findingName } from '../../names.js';
import { Figure } from '../parts.js';
import { Confusion } from './confusion.js';
import { ProbeMap } from './probes.js';

/** More tables of criteria than this are left to summary.json. */
const MOST_TABLES = 6;

/** Lines of a chart: of the findings that have a figure, those whose name passes; counts are no shares and stay out. */
function rowsOf({ findings }: JudgeSummary, wanted: (finding: JudgeFinding) => boolean): Row[] {
  return findings.flatMap((finding) => {
    const { estimate, threshold, outcome } = finding;
    if (!estimate || estimate.n === 0 || !wanted(finding)) return [];
    if (estimate.low < -1 || estimate.high > 1) return [];
    return [{ label: findingName(finding), estimate, threshold, outcome }];
  });
}

const named =
  (names: readonly string[]) =>
  (finding: JudgeFinding): boolean =>
    names.some((name) => finding.name === name || finding.name.startsWith(`${name}.`));

const Missing = ({ title, why }: { title: string; why: string }): VNode => (
  <p class="muted">
    {title}: {NO_DATA}, {why}.
  </p>
);

function Forest(props: {
  judge: JudgeSummary;
  title: string;
  caption?: string;
  wanted: (finding: JudgeFinding) => boolean;
}): VNode | null {
  const rows = rowsOf(props.judge, props.wanted);
  if (rows.length === 0) return null;
  return (
    <Figure wide title={props.title} caption={props.caption ?? ''}>
      {forestChart(props.title, rows)}
    </Figure>
  );
}

/** κ of judge and labels, criterion by criterion, against κ of two people. */
function Ceiling({ judge }: { judge: JudgeSummary }): VNode | null {
  const rows = rowsOf(judge, named(['label_kappa', 'judge_person_kappa', 'heldout_kappa']));
  if (rows.length === 0) return null;
  const human = judge.findings.find(({ name }) => name === 'human_kappa')?.estimate;
  const title = 'Agreement beyond chance, κ';
  const ceiling = human
    ? `Broken line: how far people agree with one another, ${interval(human)}; no judge can be asked for more.`
    : 'How far people agree with one another is not known: no answer has labels by two people.';
  return (
    <Figure wide title={title} caption={ceiling}>
      {forestChart(title, rows, human ? { label: 'People with one another', estimate: human } : undefined)}
    </Figure>
  );
}

function Rates(props: { judge: JudgeSummary; title: string; name: string }): VNode | null {
  const rows = rowsOf(props.judge, named([props.name]));
  if (rows.length === 0) return null;
  return (
    <Figure wide title={props.title}>
      {rateChart(props.title, rows)}
    </Figure>
  );
}

function BestOfN({ points }: { points: JudgeDetails['best_of_n'] }): VNode {
  const title = 'Best of n';
  if (points.length === 0) return <Missing title={title} why="it takes tasks with several answers" />;
  return (
    <Figure
      wide
      title={title}
      caption="What the answer is worth that the judge likes best of n; below each n the KL divergence, in nats, of picking so. Where the judge's own curve rises and the others do not, training would follow the judge into its mistakes."
    >
      {bestOfNChart(points)}
    </Figure>
  );
}

function LabelBudget({ judge, more }: { judge: JudgeSummary; more: JudgeDetails['label_budget'] }): VNode {
  const title = 'Labels and precision';
  const kappa = judge.findings.find(({ name }) => name === 'label_kappa')?.estimate;
  if (!kappa || kappa.n === 0) return <Missing title={title} why="there is no label kappa" />;
  const now = { tasks: kappa.n, half_width: (kappa.high - kappa.low) / 2 };
  if (more.length === 0) {
    return (
      <p class="muted">
        {title}: the interval of label kappa is ± {decimal(now.half_width, 3)}; more labels would hardly
        narrow it.
      </p>
    );
  }
  return (
    <Figure
      title={title}
      caption="Half of the width of the interval of label kappa by labelled tasks; ring: now."
    >
      {labelBudgetChart(now, more)}
    </Figure>
  );
}

function Labels({ judge, details }: { judge: JudgeSummary; details: JudgeDetails | null }): VNode {
  const { confusion = [], label_budget: more = [] } = details ?? {};
  const left = confusion.length - MOST_TABLES;
  return (
    <>
      <Ceiling judge={judge} />
      {details && (
        <>
          {confusion.length === 0 && <Missing title="Labels and verdicts" why="none can be counted" />}
          <div class="tables">
            {confusion.slice(0, MOST_TABLES).map((table) => (
              <Confusion table={table} />
            ))}
          </div>
          {left > 0 && (
            <p class="muted">Labels and verdicts of {left} more criteria: touchstone judge --json.</p>
          )}
          <LabelBudget judge={judge} more={more} />
        </>
      )}
    </>
  );
}

function Calibration({ curves }: { curves: JudgeDetails['reliability'] }): VNode {
  const drawn = curves.filter(({ bins }) => bins.length > 0);
  const title = 'What a score means';
  if (drawn.length === 0) return <Missing title={title} why="it takes labels" />;
  const map = drawn.find((one) => one.map !== 'none')?.map;
  return (
    <Figure
      title={title}
      caption={`Answers by their score: the share that is labelled good. On the dotted line a score is a chance.${map ? ` Squares: mapped (${map === 'platt' ? 'Platt' : map}), out of fold.` : ''}`}
    >
      {reliabilityChart(drawn)}
    </Figure>
  );
}

function Lengths({ points }: { points: JudgeDetails['lengths'] }): VNode {
  const title = 'Score and length';
  if (points.length === 0) return <Missing title={title} why="no answer was judged" />;
  return (
    <Figure title={title} caption="Discs: labelled good; crosses: labelled bad; rings: not labelled.">
      {lengthChart(points)}
    </Figure>
  );
}

function Probes({ judge, details }: { judge: JudgeSummary; details: JudgeDetails | null }): VNode {
  return (
    <>
      <Rates judge={judge} title="Attacks that succeed" name="attack_rate" />
      {details && details.probes.length === 0 ? (
        <Missing title="Probes" why="none was asked" />
      ) : (
        details && <ProbeMap probes={details.probes} />
      )}
    </>
  );
}

/** Families that one chart of all their findings shows. */
const PLAIN = new Map([
  ['people', 'People with one another, and the judge with them'],
  ['reliability', 'One judgement beside another'],
  ['variants', 'The same judge asked another way'],
  ['position', 'Both orders of two answers'],
  ['panel', 'Members of the panel'],
  ['regression', 'Known cases that hold'],
]);

/** What stands between a question and the table of its findings. */
export function FamilyFigures({ family, judge }: { family: string; judge: JudgeSummary }): VNode | null {
  const { details } = judge;
  const own = (finding: JudgeFinding): boolean => finding.family === family;
  const difference = details?.heldout_difference;
  switch (family) {
    case 'order':
      return (
        <>
          <Forest
            judge={judge}
            title="Order within a task"
            caption="One half is what chance gives. length order accuracy is what a ruler would get."
            wanted={named(['order_accuracy', 'heldout_order_accuracy', 'length_order_accuracy', 'spread'])}
          />
          {details && <BestOfN points={details.best_of_n} />}
        </>
      );
    case 'labels':
      return <Labels judge={judge} details={details} />;
    case 'baselines':
      return (
        <Forest
          judge={judge}
          title="The judge beside what knows nothing"
          caption="A constant has constant accuracy and a balanced accuracy of one half."
          wanted={(finding) => finding.name === 'label_pass_accuracy' || own(finding)}
        />
      );
    case 'consistency':
      return <Rates judge={judge} title="Verdicts that flip" name="flip_rate" />;
    case 'probes':
      return <Probes judge={judge} details={details} />;
    case 'calibration':
      return details && <Calibration curves={details.reliability} />;
    case 'bias':
      return (
        <>
          {details && <Lengths points={details.lengths} />}
          <Forest judge={judge} title="Biases" caption="0 is none." wanted={own} />
        </>
      );
    case 'heldout':
      return (
        <>
          <Forest judge={judge} title="Judge and held-out judge" wanted={own} />
          {difference && (
            <p>
              Judge less held-out judge: {decimal(difference.shift)} in the mean; 95 % of the differences lie
              between {decimal(difference.low)} and {decimal(difference.high)} (Bland–Altman).
            </p>
          )}
        </>
      );
    default: {
      const title = PLAIN.get(family);
      return title === undefined ? null : <Forest judge={judge} title={title} wanted={own} />;
    }
  }
}
