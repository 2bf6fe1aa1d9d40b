/** Predicted against measured: plots, error statistics, and the table of all pairs. @module */
import type { JSX } from "preact";
import { parityPlot } from "../charts/parity.ts";
import { residualPlot } from "../charts/residual.ts";
import { formatNumber, formatPlain, formatSigned } from "../format.ts";
import { anchor, hrefTo } from "../html.ts";
import type { Pair, PairSummary } from "../result.ts";
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

function PairRow({ pair }: { pair: Pair }) {
  const id = anchor("pair", pair.id);
  const error = pair.predicted.value / pair.measured.value - 1;
  return (
    <tr id={id}>
      <RowHead name={pair.label} />
      <td>{pair.inside ? "inside" : "outside"}</td>
      <EstimateCell estimate={pair.predicted} unit="seconds" showCount />
      <EstimateCell estimate={pair.measured} unit="seconds" showCount />
      <NumberCell sort={error}>{Number.isFinite(error) ? formatSigned(error) : "none"}</NumberCell>
    </tr>
  );
}

/** The parity section. */
export function Parity(
  { pairs, summaries }: { pairs: readonly Pair[]; summaries: readonly PairSummary[] },
): JSX.Element {
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
        <PlotFigure plot={parityPlot(pairs)} table="parity-data">
          Predicted <Badge kind="simulated" /> against measured{" "}
          <Badge kind="measured" />, with the interval of each both ways. Shaded: within 10 % and 20
          % of the measurement.
        </PlotFigure>
        {summaries.length > 0 && <Summaries summaries={summaries} />}
      </div>
      <PlotFigure plot={residualPlot(pairs)} table="parity-data">
        The same pairs as predicted / measured, by size{" "}
        <Badge kind="derived" />. A cloud that lies to one side of the line is a bias; one that
        bends is a size that the model prices wrongly.
      </PlotFigure>
      <details class="data">
        <summary>All {pairs.length} pairs in a table</summary>
        <Table
          id="parity-data"
          sortable
          caption="Predicted and measured time of every pair, with intervals and sample counts"
          head={
            <>
              <Column name="Configuration" />
              <Column name="Profiled range" />
              <Column name="Predicted" numeric>
                <Badge kind="simulated" />
              </Column>
              <Column name="Measured" numeric>
                <Badge kind="measured" />
              </Column>
              <Column name="Error" numeric>
                <Badge kind="derived" />
              </Column>
            </>
          }
        >
          {pairs.map((p) => <PairRow key={p.id} pair={p} />)}
        </Table>
      </details>
    </Section>
  );
}
