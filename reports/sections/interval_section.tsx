/** Numbers with intervals over one axis: each line a row of a table. @module */
import { Fragment, type JSX } from "preact";
import { type VisualScale, visualScale } from "../charts/visual_scale.ts";
import { formatNumber, formatSigned, type NumberUnit } from "../format.ts";
import { anchor } from "../html.ts";
import type { IntervalLine, IntervalMark, IntervalPlot } from "../interval_plot.ts";
import { percent } from "../svg/frame.tsx";
import { IntervalStrip } from "../svg/interval_strip.tsx";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** A number with its sign. */
function signed(value: number, unit: NumberUnit): string {
  if (unit === "fraction") return formatSigned(value);
  return `${value > 0 ? "+" : ""}${formatNumber(value, unit, 3)}`;
}

const endsOf = ({ value, lo = value, hi = value }: IntervalMark) => [lo, hi];

/** The axis that holds all lines of a plot and 0. */
export function intervalAxis({ what, unit, lines }: IntervalPlot): VisualScale {
  const values = lines.flatMap((line) => [line, ...line.parts ?? []].flatMap(endsOf));
  return visualScale({ title: what, unit, log: false }, [0, ...values]);
}

/** Ends of the axis and its 0, above the lines. */
function Ticks({ axis }: { axis: VisualScale }): JSX.Element {
  const last = axis.ticks.length - 1;
  const shown = axis.ticks.filter(({ label }, i) => i === 0 || i === last || label === "0");
  const side = (at: number) => at < 0.1 ? "start" : at > 0.9 ? "end" : "middle";
  return (
    <svg class="bar-strip tick" height="14" aria-hidden="true">
      {shown.map(({ at, label }) => (
        <text key={label} x={percent(at)} y="12" text-anchor={side(at)}>{label}</text>
      ))}
    </svg>
  );
}

function Line({ line, axis, unit, follows }: {
  line: IntervalLine;
  axis: VisualScale;
  unit: NumberUnit;
  follows: boolean;
}): JSX.Element {
  const { label, note, kind, value, lo, hi } = line;
  return (
    <tr>
      <RowHead
        name={
          <>
            {label}
            {note && <small>{note}</small>}
          </>
        }
      />
      <td class="strip-cell">
        <IntervalStrip line={line} at={axis.at} />
      </td>
      <NumberCell sort={value}>
        {signed(value, unit)}
        {lo !== undefined && hi !== undefined && (
          <small>{signed(lo, unit)} to {signed(hi, unit)}</small>
        )}
      </NumberCell>
      <td>
        <Badge kind={kind} />
      </td>
      {follows && <td>{line.follows ?? "–"}</td>}
    </tr>
  );
}

/** The intervals as a section. */
export function IntervalSection({ plot }: { plot: IntervalPlot }): JSX.Element {
  const { id, title, note, kind, unit, lines } = plot;
  const axis = intervalAxis(plot);
  const follows = lines.some((line) => line.follows !== undefined);
  return (
    <Section
      id={id}
      title={title}
      lead={
        <>
          {note} <Badge kind={kind} />
        </>
      }
    >
      {lines.length === 0 ? <p>There are no intervals to show.</p> : (
        <Table
          id={anchor(id, "data")}
          under={`${id}-title`}
          caption={axis.title}
          head={
            <>
              <Column name="what" />
              <Column name="interval">
                <Ticks axis={axis} />
              </Column>
              <Column name="amount" numeric />
              <Column name="kind" />
              {follows && <Column name="follows" />}
            </>
          }
        >
          {lines.map((line, i) => (
            <Fragment key={i}>
              {line.group !== undefined && line.group !== lines[i - 1]?.group && (
                <tr class="group-head">
                  <th scope="row" colSpan={follows ? 5 : 4}>{line.group}</th>
                </tr>
              )}
              <Line line={line} axis={axis} unit={unit} follows={follows} />
            </Fragment>
          ))}
        </Table>
      )}
    </Section>
  );
}
