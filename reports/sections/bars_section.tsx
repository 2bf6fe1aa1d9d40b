/** Bars side by side: to either side of nothing, or stacked of parts. @module */
import type { JSX } from "preact";
import { formatNumber, formatSigned, type NumberUnit } from "../format.ts";
import { anchor } from "../html.ts";
import { Strip, type StripPiece } from "../svg/strip.tsx";
import type { Bar, Bars } from "../visuals.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** Parts that are told apart by their tone; the others share the last. */
const tones = 6;

const sumOf = ({ parts }: Bar) => parts.reduce((sum, { value }) => sum + value, 0);

function signedText(value: number, unit: NumberUnit): string {
  if (unit === "fraction") return formatSigned(value);
  return `${value > 0 ? "+" : ""}${formatNumber(value, unit)}`;
}

function SignedTable({ bars: visual }: { bars: Bars }): JSX.Element {
  const { id, unit, bars } = visual;
  const values = bars.flatMap((bar) => bar.parts.map(({ value }) => value));
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const at = (value: number) => (value - low) / (high - low || 1);
  return (
    <Table
      id={anchor(id, "data")}
      under={`${id}-title`}
      sortable
      caption="To the left of the line: less; to the right: more"
      head={
        <>
          <Column name="what" />
          <Column name="change" />
          <Column name="amount" numeric />
        </>
      }
    >
      {bars.map((bar) => (
        <tr key={bar.label}>
          <RowHead
            name={
              <>
                {bar.label}
                {bar.parts.map(({ note }) => note && <small key={note}>{note}</small>)}
              </>
            }
          />
          <td class="strip-cell">
            <Strip
              pieces={bar.parts.map(({ value }) => ({
                from: at(0),
                to: at(value),
                look: value < 0 ? "fill-0" : "fill-1",
              }))}
              marks={[{ at: at(0), look: "zero-line" }]}
            />
          </td>
          <NumberCell sort={bar.parts[0]?.value ?? 0}>
            {bar.parts.map(({ value }) => signedText(value, unit)).join(" / ")}
          </NumberCell>
        </tr>
      ))}
    </Table>
  );
}

/** Labels of parts, those that take most over all bars first, what was not told apart last. */
export function partLabels(bars: readonly Bar[]): string[] {
  const sums = new Map<string, number>();
  for (const { label, value, rest } of bars.flatMap((bar) => bar.parts)) {
    sums.set(label, rest ? -1 : (sums.get(label) ?? 0) + value);
  }
  return [...sums].sort((a, b) => b[1] - a[1]).map(([label]) => label);
}

/** The tone of a part: the largest have one each. */
const toneOf = (place: number, labels: number) =>
  labels <= tones || place < tones - 1 ? place : tones - 1;

function piecesOf(
  bar: Bar,
  labels: readonly string[],
  options: { width: number; unit: NumberUnit },
) {
  let before = 0;
  return labels.flatMap((label, place): StripPiece[] =>
    bar.parts.filter((p) => p.label === label).map(({ value }) => {
      const from = before;
      before += value;
      return {
        from: from / options.width,
        to: before / options.width,
        look: `fill-${toneOf(place, labels.length)} parted`,
        said: `${label}: ${formatNumber(value, options.unit)}`,
      };
    })
  );
}

function PartTable({ bars: { id, unit, bars }, labels }: { bars: Bars; labels: string[] }) {
  return (
    <details class="data">
      <summary>All parts in a table</summary>
      <Table
        id={anchor(id, "parts")}
        under={`${id}-title`}
        sortable
        caption="Amount of each part, and its share of the bar"
        head={
          <>
            <Column name="part" />
            {bars.map((bar) => <Column key={bar.label} name={bar.label} numeric />)}
          </>
        }
      >
        {labels.map((label) => (
          <tr key={label}>
            <RowHead name={label} />
            {bars.map((bar) => {
              const value = bar.parts.find((p) => p.label === label)?.value;
              return value === undefined
                ? <td key={bar.label} class="none">–</td>
                : (
                  <NumberCell key={bar.label} sort={value}>
                    {formatNumber(value, unit)}
                    <small>{formatNumber(value / (sumOf(bar) || 1), "fraction", 3)}</small>
                  </NumberCell>
                );
            })}
          </tr>
        ))}
      </Table>
    </details>
  );
}

function StackedTable({ bars: visual }: { bars: Bars }): JSX.Element {
  const { id, unit, bars } = visual;
  const labels = partLabels(bars);
  const width = Math.max(...bars.map(sumOf), 0) || 1;
  const legend = labels.slice(0, labels.length <= tones ? tones : tones - 1);
  return (
    <>
      <ul class="legend">
        {legend.map((label, i) => (
          <li key={label}>
            <span class={`chip chip-${i}`} aria-hidden="true" />
            {label}
          </li>
        ))}
        {legend.length < labels.length && (
          <li>
            <span class={`chip chip-${tones - 1}`} aria-hidden="true" />
            {labels.length - legend.length} smaller parts
          </li>
        )}
      </ul>
      <Table
        id={anchor(id, "data")}
        under={`${id}-title`}
        caption="Largest parts first"
        head={
          <>
            <Column name="of" />
            <Column name="parts" />
            <Column name="all" numeric />
          </>
        }
      >
        {bars.map((bar) => (
          <tr key={bar.label}>
            <RowHead name={bar.label} />
            <td class="strip-cell">
              <Strip pieces={piecesOf(bar, labels, { width, unit })} />
            </td>
            <NumberCell sort={sumOf(bar)}>{formatNumber(sumOf(bar), unit)}</NumberCell>
          </tr>
        ))}
      </Table>
      <PartTable bars={visual} labels={labels} />
    </>
  );
}

/** The bars as a section. */
export function BarsSection({ bars }: { bars: Bars }): JSX.Element {
  const Body = bars.form === "signed" ? SignedTable : StackedTable;
  return (
    <Section
      id={bars.id}
      title={bars.title}
      lead={
        <>
          {bars.note} <Badge kind={bars.kind} />
        </>
      }
    >
      {bars.bars.length === 0 ? <p>There are no bars to show.</p> : <Body bars={bars} />}
    </Section>
  );
}
