/** Predicted against measured: plots, error statistics, and the table of all pairs. @module */
import type { JSX } from "preact";
import { parityPlot } from "../charts/parity.ts";
import { residualPlot } from "../charts/residual.ts";
import { formatNumber, formatPlain, formatSigned } from "../format.ts";
import { anchor, hrefTo } from "../html.ts";
import type { Pair, PairStyle, PairSummary } from "../result.ts";
import { PlotFigure } from "./figure.tsx";
import { Badge, Column, EstimateCell, NumberCell, RowHead, Section, Table } from "./parts.tsx";

const percent = (x: number) => formatNumber(x, "fraction", 3);

function Summaries({ summaries }: { summaries: readonly PairSummary[] }) {
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
function shownPairs(pairs: readonly Pair[]): readonly Pair[] {
  if (pairs.length <= pairsInTable) return pairs;
  const size = ({ predicted, measured }: Pair) => {
    const off = Math.abs(Math.log(predicted.value / measured.value));
    return Number.isNaN(off) ? Infinity : off;
  };
  const farthest = [...pairs].sort((a, b) => size(b) - size(a)).slice(0, pairsInTable);
  const chosen = new Set(farthest);
  return pairs.filter((pair) => chosen.has(pair));
}

function PairRow({ pair, style }: { pair: Pair; style?: PairStyle }) {
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

/** The parity section. */
export function Parity(
  { pairs, summaries, style }: {
    pairs: readonly Pair[];
    summaries: readonly PairSummary[];
    style?: PairStyle;
  },
): JSX.Element {
  const shown = shownPairs(pairs);
  const measured = style?.measured ?? "measured";
  return (
    <Section
      id="parity"
      title="Prediction against measurement"
      lead={
        <>
          Each point is one configuration that was both predicted and measured. Points above the
          line are predicted slower than they are, points below it faster.
        </>
      }
    >
      <div class="beside">
        <PlotFigure plot={parityPlot(pairs, style)} table="parity-data">
          Predicted <Badge kind="simulated" /> against measured{" "}
          <Badge kind={measured} />, with the interval of each both ways. Shaded: within 10 % and 20
          % of the measurement.
        </PlotFigure>
        {summaries.length > 0 && <Summaries summaries={summaries} />}
      </div>
      <PlotFigure plot={residualPlot(pairs, style)} table="parity-data">
        The same pairs as predicted / measured, by size{" "}
        <Badge kind="derived" />. A cloud that lies to one side of the line is a bias; one that
        bends is a size that the model prices wrongly.
      </PlotFigure>
      <details class="data">
        <summary>
          {shown.length < pairs.length
            ? `The ${shown.length} of ${pairs.length} pairs that are farthest off, in a table`
            : `All ${pairs.length} pairs in a table`}
        </summary>
        <Table
          id="parity-data"
          sortable
          caption={shown.length < pairs.length
            ? "Predicted and measured time of the pairs farthest off; the others stand in result.json"
            : "Predicted and measured time of every pair, with intervals and sample counts"}
          head={
            <>
              <Column name="Configuration" />
              <Column name={style?.series === "group" ? "Group" : "Profiled range"} />
              <Column name="Predicted" numeric>
                <Badge kind="simulated" />
              </Column>
              <Column name="Measured" numeric>
                <Badge kind={measured} />
              </Column>
              <Column name="Error" numeric>
                <Badge kind="derived" />
              </Column>
            </>
          }
        >
          {shown.map((p) => <PairRow key={p.id} pair={p} style={style} />)}
        </Table>
      </details>
    </Section>
  );
}
