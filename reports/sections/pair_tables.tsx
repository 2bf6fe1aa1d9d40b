/** Tables of predicted and measured pairs: statistics of their errors, and the pairs. @module */
import type { JSX } from "preact";
import { formatNumber, formatPlain, formatSigned } from "../format.ts";
import { anchor, hrefTo } from "../html.ts";
import type { Pair, PairStyle, PairSummary } from "../result.ts";
import { Badge, Column, EstimateCell, NumberCell, RowHead, Table } from "./parts.tsx";

const percent = (x: number) => formatNumber(x, "fraction", 3);

/** Statistics of the errors, a column for each group of pairs. */
export function PairSummaries(
  { summaries }: { summaries: readonly PairSummary[] },
): JSX.Element {
  return (
    <Table
      id="parity-summary"
      caption={
        <>
          Error of the prediction, |predicted / measured − 1| <Badge kind="derived" />
        </>
      }
      head={
        <>
          <Column name="Statistic" />
          {summaries.map((s) => <Column key={s.group} name={s.group} numeric />)}
        </>
      }
    >
      {([
        ["Pairs (n)", (s) => [s.n, formatNumber(s.n, "count")]],
        ["Median error", (s) => [s.medianAbsoluteError, percent(s.medianAbsoluteError)]],
        ["Mean error", (s) => [s.meanAbsoluteError, percent(s.meanAbsoluteError)]],
        ["Signed bias (median)", (s) => [s.medianSignedError, formatSigned(s.medianSignedError)]],
        ["Kendall τ", (s) => [s.kendallTau, formatPlain(s.kendallTau, 3)]],
        ["Worst error", (s) => [s.worst.error, percent(s.worst.error)]],
      ] as [string, (s: PairSummary) => [number, string]][]).map(([name, of]) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          {summaries.map((s) => {
            const [sort, text] = of(s);
            return <NumberCell key={s.group} sort={sort}>{text}</NumberCell>;
          })}
        </tr>
      ))}
      <tr>
        <th scope="row">Worst pair</th>
        {summaries.map((s) => (
          <td key={s.group} class="worst">
            <a href={hrefTo(anchor("pair", s.worst.id))}>{s.worst.label}</a>
          </td>
        ))}
      </tr>
    </Table>
  );
}

/** Rows of the table of pairs: beyond, the page grows heavy and nobody reads on. */
const pairsInTable = 300;

/** The pairs that the table shows: the farthest off, in their own order. */
export function shownPairs(pairs: readonly Pair[]): readonly Pair[] {
  if (pairs.length <= pairsInTable) return pairs;
  const size = ({ predicted, measured }: Pair) => {
    const off = Math.abs(Math.log(predicted.value / measured.value));
    return Number.isNaN(off) ? Infinity : off;
  };
  const farthest = [...pairs].sort((a, b) => size(b) - size(a)).slice(0, pairsInTable);
  const chosen = new Set(farthest);
  return pairs.filter((pair) => chosen.has(pair));
}

/** A pair with its error. */
export function PairRow({ pair, style }: { pair: Pair; style?: PairStyle }): JSX.Element {
  const id = anchor("pair", pair.id);
  const error = pair.predicted.value / pair.measured.value - 1;
  return (
    <tr id={id}>
      <RowHead name={pair.label} />
      <td>{style?.series === "group" ? pair.group : pair.inside ? "inside" : "outside"}</td>
      <EstimateCell estimate={pair.predicted} unit="seconds" showCount />
      <EstimateCell estimate={pair.measured} unit="seconds" showCount />
      <NumberCell sort={error}>{Number.isFinite(error) ? formatSigned(error) : "none"}</NumberCell>
    </tr>
  );
}
