/** A heatmap with its scale, and its numbers in a table. @module */
import type { JSX } from "preact";
import { formatNumber } from "../format.ts";
import { anchor } from "../html.ts";
import { heatLook, heatOf, HeatPlot, heatRange } from "../svg/heatmap.tsx";
import type { Heatmap } from "../visuals.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** A table of more numbers shows the ends and the mean of each row instead. */
const numbersInTable = 1600;

/** Steps of the scale. */
const steps = 7;

/** What a row comes to. */
export interface RowSummary {
  /** Least number, and the column that has it. */
  least: { value: number; column: string };
  /** Mean of the numbers. */
  mean: number;
  /** Greatest number, and the column that has it. */
  greatest: { value: number; column: string };
}

/** Ends and mean of a row; nothing where it has no number. */
export function summariseRow(
  row: readonly (number | null)[],
  labels: readonly string[],
): RowSummary | undefined {
  const there = row.flatMap((value, i) => value === null ? [] : [{ value, column: labels[i] }]);
  if (there.length === 0) return undefined;
  return {
    least: there.reduce((a, b) => b.value < a.value ? b : a),
    mean: there.reduce((sum, { value }) => sum + value, 0) / there.length,
    greatest: there.reduce((a, b) => b.value > a.value ? b : a),
  };
}

const none = <td class="none">–</td>;

function WholeTable({ heatmap }: { heatmap: Heatmap }): JSX.Element {
  const { id, title, rows, columns, values, what, unit } = heatmap;
  return (
    <Table
      id={anchor(id, "data")}
      under={`${id}-title`}
      sortable
      caption={`${title}: ${what} by ${rows.title} and ${columns.title}`}
      head={
        <>
          <Column name={rows.title} />
          {columns.labels.map((label) => <Column key={label} name={label} numeric />)}
        </>
      }
    >
      {values.map((row, r) => (
        <tr key={r}>
          <RowHead name={rows.labels[r]} />
          {row.map((value, c) =>
            value === null
              ? <td key={c} class="none">–</td>
              : <NumberCell key={c} sort={value}>{formatNumber(value, unit, 3)}</NumberCell>
          )}
        </tr>
      ))}
    </Table>
  );
}

function RowTable({ heatmap }: { heatmap: Heatmap }): JSX.Element {
  const { id, title, rows, columns, values, what, unit } = heatmap;
  const end = ({ value, column }: RowSummary["least"]) => (
    <NumberCell sort={value}>
      {formatNumber(value, unit, 3)}
      <small>{`${columns.title} ${column}`}</small>
    </NumberCell>
  );
  return (
    <Table
      id={anchor(id, "data")}
      under={`${id}-title`}
      sortable
      caption={`${title}: ${what}, ends and mean of each ${rows.title}; all numbers stand in result.json`}
      head={
        <>
          <Column name={rows.title} />
          <Column name="least" numeric />
          <Column name="mean" numeric />
          <Column name="greatest" numeric />
        </>
      }
    >
      {values.map((row, r) => {
        const found = summariseRow(row, columns.labels);
        return (
          <tr key={r}>
            <RowHead name={rows.labels[r]} />
            {found ? end(found.least) : none}
            {found
              ? <NumberCell sort={found.mean}>{formatNumber(found.mean, unit, 3)}</NumberCell>
              : none}
            {found ? end(found.greatest) : none}
          </tr>
        );
      })}
    </Table>
  );
}

/** The colours from the least number to the greatest. */
function Scale({ heatmap }: { heatmap: Heatmap }): JSX.Element | null {
  const range = heatRange(heatmap);
  if (!range) return null;
  const { what, unit, middle } = heatmap;
  const [low, high] = range;
  const heat = heatOf(heatmap);
  const at = (step: number) => low + (high - low) * step / (steps - 1);
  return (
    <p class="heat-scale">
      {what}: {formatNumber(low, unit, 3)}
      <span class="heat-steps" aria-hidden="true">
        {Array.from({ length: steps }, (_, step) => {
          const look = heatLook(heat(at(step)));
          return <i key={step} class={look.class} style={{ opacity: look["fill-opacity"] }} />;
        })}
      </span>
      {formatNumber(high, unit, 3)}
      {middle !== undefined && `; no colour at ${formatNumber(middle, unit)}`}
    </p>
  );
}

/** The heatmap as a section. */
export function HeatmapSection({ heatmap }: { heatmap: Heatmap }): JSX.Element {
  const { id, title, note, kind, rows, columns } = heatmap;
  const cells = rows.labels.length * columns.labels.length;
  const Numbers = cells <= numbersInTable ? WholeTable : RowTable;
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
      {cells === 0 ? <p>There are no numbers to show.</p> : (
        <>
          <figure class="visual">
            <Scale heatmap={heatmap} />
            <div class="wide-plot" tabIndex={0} role="group" aria-labelledby={`${id}-title`}>
              <HeatPlot heatmap={heatmap} />
            </div>
          </figure>
          <details class="data">
            <summary>The numbers in a table</summary>
            <Numbers heatmap={heatmap} />
          </details>
        </>
      )}
    </Section>
  );
}
