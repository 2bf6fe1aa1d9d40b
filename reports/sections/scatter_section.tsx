/** A scatter with its front, and its points in a table. @module */
import type { JSX } from "preact";
import { formatNumber, nameOf, unitOf } from "../format.ts";
import { anchor, hrefTo } from "../html.ts";
import { Marks, Swatch } from "../svg/marks.tsx";
import { frontOf, ScatterPlot } from "../svg/scatter_plot.tsx";
import type { Scatter, ScatterPoint, VisualAxis } from "../visuals.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table, Words } from "./parts.tsx";

/** Rows of the table: the front and what is marked come first. */
const pointsInTable = 200;

/** Labels longer than this may break anywhere. */
const longLabel = 40;

const marked = (p: ScatterPoint) => p.chosen === true || p.name !== undefined;

/** The points that the table shows, in the order of the horizontal axis. */
export function shownPoints({ points }: Pick<Scatter, "points">): ScatterPoint[] {
  const first = points.filter((p) => marked(p) || p.front);
  const rest = points.filter((p) => !(marked(p) || p.front));
  return [...first, ...rest].slice(0, pointsInTable).sort((a, b) => a.x - b.x);
}

const wordOf = (p: ScatterPoint) =>
  [p.chosen ? "chosen" : "", p.front ? "front" : ""].filter(Boolean).join(", ") || "–";

function PointTable({ scatter }: { scatter: Scatter }): JSX.Element {
  const shown = shownPoints(scatter);
  const keys = [...new Set(shown.flatMap(({ figures = {} }) => Object.keys(figures)))];
  const cell = (value: number, axis: VisualAxis) => (
    <NumberCell sort={value}>{formatNumber(value, axis.unit)}</NumberCell>
  );
  const all = scatter.points.length;
  return (
    <details class="data">
      <summary>
        {shown.length < all ? `${shown.length} of ${all}` : `All ${all}`} points in a table
      </summary>
      <Table
        id={anchor(scatter.id, "data")}
        under={`${scatter.id}-title`}
        sortable
        caption={`${scatter.title}: ${shown.length} points`}
        head={
          <>
            <Column name="Point" />
            <Column name={scatter.x.title} numeric />
            <Column name={scatter.y.title} numeric />
            {keys.map((key) => <Column key={key} name={nameOf(key)} numeric />)}
            <Column name="which" />
          </>
        }
      >
        {shown.map((p, i) => (
          <tr key={i}>
            <RowHead
              name={p.name
                ? (
                  <>
                    {p.name}
                    <small class="long">
                      <Words text={p.label} />
                    </small>
                  </>
                )
                : (
                  <span class={p.label.length > longLabel ? "long" : undefined}>
                    <Words text={p.label} />
                  </span>
                )}
            />
            {cell(p.x, scatter.x)}
            {cell(p.y, scatter.y)}
            {keys.map((key) => {
              const value = p.figures?.[key];
              return value === undefined
                ? <td key={key} class="none">–</td>
                : (
                  <NumberCell key={key} sort={value}>{formatNumber(value, unitOf(key))}</NumberCell>
                );
            })}
            <td>{wordOf(p)}</td>
          </tr>
        ))}
      </Table>
    </details>
  );
}

function Item(
  { there, name, children }: {
    there: boolean;
    name: string;
    children: JSX.Element | JSX.Element[];
  },
): JSX.Element | null {
  if (!there) return null;
  return (
    <li>
      <Swatch>{children}</Swatch>
      {name}
    </li>
  );
}

function ScatterLegend({ scatter }: { scatter: Scatter }): JSX.Element {
  const { points } = scatter;
  const front = frontOf(scatter).length;
  const plain = points.filter((p) => !p.front && !marked(p)).length;
  const chosen = points.some((p) => p.chosen);
  const named = points.some((p) => p.name !== undefined && !p.chosen);
  return (
    <ul class="legend">
      <Item there={chosen} name="chosen">
        <g class="chosen">
          <Marks shape="rectRot" points={[[0, 0]]} />
        </g>
      </Item>
      <Item there={named} name="by name">
        <g class="named">
          <Marks shape="rect" points={[[0, 0]]} />
        </g>
      </Item>
      <Item there={front > 0} name={`front (${front})`}>
        <path class="front-line" d="M-11 0H11" />
        <path class="dots front" d="M0 0h0" />
      </Item>
      <Item there={plain > 0} name={`others (${plain})`}>
        <path class="dots faint" d="M0 0h0" />
      </Item>
    </ul>
  );
}

/** The scatter as a section. */
export function ScatterSection({ scatter }: { scatter: Scatter }): JSX.Element {
  return (
    <Section
      id={scatter.id}
      title={scatter.title}
      lead={
        <>
          {scatter.note} <Badge kind={scatter.kind} />
        </>
      }
    >
      {scatter.points.length === 0 ? <p>There are no points to show.</p> : (
        <>
          <figure class="visual">
            <ScatterLegend scatter={scatter} />
            <ScatterPlot scatter={scatter} />
          </figure>
          {scatter.table === undefined ? <PointTable scatter={scatter} /> : (
            <p class="methods">
              Its numbers stand in <a href={hrefTo(anchor("table", scatter.table))}>a table</a>.
            </p>
          )}
        </>
      )}
    </Section>
  );
}
