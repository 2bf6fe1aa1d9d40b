/** The roofline of the device and its kernels under it. @module */
import type { JSX } from "preact";
import { ridgeOf, roofAt, rooflinePlot } from "../charts/roofline.ts";
import { formatNumber, formatPlain, scaleFor } from "../format.ts";
import { anchor } from "../html.ts";
import type { Roofline } from "../result.ts";
import { PlotFigure } from "./figure.tsx";
import { Badge, Column, EstimateCell, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** The roofline section. */
export function RooflineSection({ roofline }: { roofline: Roofline }): JSX.Element {
  const ridge = ridgeOf(roofline);
  const scale = scaleFor("flopsPerSecond", roofline.points.map((p) => p.flopsPerSecond.value));
  return (
    <Section
      id="roofline"
      title="Roofline"
      lead={
        <>
          The best that was measured here is{" "}
          {formatNumber(roofline.peakFlopsPerSecond, "flopsPerSecond")} of arithmetic and{" "}
          {formatNumber(roofline.memoryBytesPerSecond, "bytesPerSecond")}{" "}
          of memory bandwidth; they meet at the ridge, {formatPlain(ridge, 3)} FLOP a byte.
        </>
      }
    >
      <PlotFigure plot={rooflinePlot(roofline)} table="roofline-data">
        Achieved speed of each kernel by its arithmetic intensity{" "}
        <Badge kind="measured" />, under the measured roof. Left of the ridge memory bounds a
        kernel, right of it arithmetic does; what is far below the roof is bound by neither.
      </PlotFigure>
      <details class="data">
        <summary>All {roofline.points.length} kernels in a table</summary>
        <Table
          id="roofline-data"
          sortable
          caption="Arithmetic intensity, achieved speed and share of the roof of every kernel"
          head={
            <>
              <Column name="Kernel" />
              <Column name="Intensity" unit="FLOP a byte" numeric>
                <Badge kind="derived" />
              </Column>
              <Column name="Achieved" unit={scale.symbol} numeric>
                <Badge kind="measured" />
              </Column>
              <Column name="Share of the roof" numeric>
                <Badge kind="derived" />
              </Column>
            </>
          }
        >
          {roofline.points.map((p) => {
            const id = anchor("roof", p.id);
            const share = p.flopsPerSecond.value / roofAt(roofline, p.flopPerByte);
            return (
              <tr key={p.id} id={id}>
                <RowHead name={p.label} />
                <NumberCell sort={p.flopPerByte}>{formatPlain(p.flopPerByte, 3)}</NumberCell>
                <EstimateCell
                  estimate={p.flopsPerSecond}
                  unit="flopsPerSecond"
                  scale={scale}
                  showCount
                />
                <NumberCell sort={share}>{formatNumber(share, "fraction", 2)}</NumberCell>
              </tr>
            );
          })}
        </Table>
      </details>
    </Section>
  );
}
