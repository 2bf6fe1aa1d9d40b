/** Predicted against measured: plots, error statistics, and the table of all pairs. @module */
import type { JSX } from "preact";
import { parityPlot } from "../charts/parity.ts";
import { residualPlot } from "../charts/residual.ts";
import type { Pair, PairStyle, PairSummary } from "../result.ts";
import { PlotFigure } from "./figure.tsx";
import { PairRow, PairSummaries, shownPairs } from "./pair_tables.tsx";
import { Badge, Column, Section, Table } from "./parts.tsx";

/** The parity section. */
export function ParitySection(
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
        {summaries.length > 0 && <PairSummaries summaries={summaries} />}
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
