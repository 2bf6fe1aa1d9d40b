/** Curves, and their points in a table. @module */
import type { JSX } from "preact";
import { formatNumber } from "../format.ts";
import { anchor } from "../html.ts";
import { LineLegend, LinePlotSvg } from "../svg/line_plot.tsx";
import type { LinePlot, LinePoint } from "../visuals.ts";
import { Badge, Column, NumberCell, Section, Table } from "./parts.tsx";

function PointCell({ point, plot }: { point: LinePoint | undefined; plot: LinePlot }): JSX.Element {
  if (point === undefined) return <td class="none">–</td>;
  const { y, lo, hi, label } = point;
  const said = (value: number) => formatNumber(value, plot.y.unit);
  return (
    <NumberCell sort={y}>
      {said(y)}
      {lo !== undefined && hi !== undefined && <small>{said(lo)} to {said(hi)}</small>}
      {label && <small class="wrapped">{label}</small>}
    </NumberCell>
  );
}

function CurveTable({ plot }: { plot: LinePlot }): JSX.Element {
  const xs = [...new Set(plot.series.flatMap((s) => s.points.map((p) => p.x)))]
    .sort((a, b) => a - b);
  return (
    <details class="data">
      <summary>All points in a table</summary>
      <Table
        id={anchor(plot.id, "data")}
        under={`${plot.id}-title`}
        sortable
        caption={`${plot.y.title} of each curve`}
        head={
          <>
            <Column name={plot.x.title} />
            {plot.series.map((s) => (
              <Column key={s.name} name={s.name} numeric>
                {s.kind && <Badge kind={s.kind} />}
              </Column>
            ))}
          </>
        }
      >
        {xs.map((x) => (
          <tr key={x}>
            <th scope="row" data-v={x}>{formatNumber(x, plot.x.unit)}</th>
            {plot.series.map((s) => (
              <PointCell
                key={s.name}
                point={s.points.find((p) => p.x === x)}
                plot={plot}
              />
            ))}
          </tr>
        ))}
      </Table>
    </details>
  );
}

/** The curves as a section. */
export function LineSection({ plot }: { plot: LinePlot }): JSX.Element {
  const points = plot.series.reduce((n, s) => n + s.points.length, 0);
  return (
    <Section
      id={plot.id}
      title={plot.title}
      lead={
        <>
          {plot.note} <Badge kind={plot.kind} />
        </>
      }
    >
      {points === 0 ? <p>There are no points to show.</p> : (
        <>
          <figure class="visual">
            <LineLegend series={plot.series} />
            <LinePlotSvg plot={plot} />
          </figure>
          <CurveTable plot={plot} />
        </>
      )}
    </Section>
  );
}
