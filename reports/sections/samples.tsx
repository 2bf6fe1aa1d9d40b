/**
 * Raw samples: a strip a key, with its quartiles and its outliers counted by Tukey's fences (mild
 * beyond 1.5, severe beyond 3 interquartile ranges); none is ever dropped.
 *
 * @module
 */
import type { JSX } from "preact";
import { formatNumber } from "../format.ts";
import { anchor } from "../html.ts";
import type { Result } from "../result.ts";
import { Badge, Column, NumberCell, RowHead, Section, Table } from "./parts.tsx";

/** Five numbers of samples and their outliers. */
export interface Spread {
  /** Smallest. */
  min: number;
  /** Lower quartile. */
  q1: number;
  /** Middle. */
  median: number;
  /** Upper quartile. */
  q3: number;
  /** Largest. */
  max: number;
  /** Number beyond 1.5 but within 3 interquartile ranges of the quartiles. */
  mild: number;
  /** Number beyond 3. */
  severe: number;
}

/** Quantile of sorted numbers, interpolated between neighbours (type 7 of Hyndman and Fan, 1996). */
function quantile(sorted: readonly number[], p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** Spread of at least one sample. */
export function spreadOf(samples: readonly number[]): Spread {
  const x = [...samples].sort((a, b) => a - b);
  const [q1, median, q3] = [0.25, 0.5, 0.75].map((p) => quantile(x, p));
  const iqr = q3 - q1;
  const beyond = (k: number) => x.filter((v) => v < q1 - k * iqr || v > q3 + k * iqr).length;
  const severe = beyond(3);
  return { min: x[0], q1, median, q3, max: x[x.length - 1], mild: beyond(1.5) - severe, severe };
}

const width = 440;
const height = 36;

/** A tick a sample from 0 to the largest of the strip; the box spans the quartiles. */
function Strip({ samples, spread, name }: { samples: number[]; spread: Spread; name: string }) {
  const low = spread.min - (spread.max - spread.min) * 0.05;
  const span = (spread.max - spread.min) * 1.1 || 1;
  const x = (v: number) =>
    Number((spread.max > spread.min ? (v - low) / span * width : width / 2).toFixed(0));
  const ticks = [...new Set(samples.map(x))].sort((a, b) => a - b);
  return (
    <svg
      class="strip"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={`Samples: ${name}`}
    >
      <rect
        class="box"
        x={x(spread.q1)}
        y="9"
        width={Math.max(1, x(spread.q3) - x(spread.q1))}
        height={height - 18}
      />
      <path class="ticks" d={ticks.map((t) => `M${t} 4v28`).join("")} />
      <path class="middle" d={`M${x(spread.median)} 0v${height}`} />
    </svg>
  );
}

/** The samples section, folded. */
export function Samples({ result }: { result: Result }): JSX.Element {
  const rows = new Map(result.rows.map((r) => [r.id, Object.values(r.labels).join(" ")]));
  const labels = new Map(result.pairs.map((p) => [p.id, p.label]));
  const entries = Object.entries(result.samples).filter(([, s]) => s.length > 0)
    .sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
  const total = entries.reduce((n, [, s]) => n + s.length, 0);
  return (
    <Section
      id="samples"
      title="Raw samples"
      lead={
        <>
          {formatNumber(total, "count")} timings behind the numbers{" "}
          <Badge kind="measured" />. Outliers are counted, never dropped.
        </>
      }
    >
      <details class="data">
        <summary>Distribution of {entries.length} sets of samples</summary>
        <Table
          id="samples-data"
          sortable
          caption="Each strip spans its own smallest to largest sample; the box holds the middle half"
          head={
            <>
              <Column name="Samples of" />
              <Column name="n" numeric />
              <Column name="strip" />
              {["smallest", "lower quartile", "median", "upper quartile", "largest"].map((name) => (
                <Column key={name} name={name} numeric />
              ))}
              <Column name="outliers" unit="mild, severe" numeric />
            </>
          }
        >
          {entries.map(([key, samples]) => {
            const id = anchor("samples", key);
            const name = labels.get(key) ?? rows.get(key) ?? key;
            const s = spreadOf(samples);
            return (
              <tr key={key} id={id}>
                <RowHead name={name} />
                <NumberCell sort={samples.length}>{samples.length}</NumberCell>
                <td>
                  <Strip samples={samples} spread={s} name={name} />
                </td>
                {[s.min, s.q1, s.median, s.q3, s.max].map((v, i) => (
                  <NumberCell key={i} sort={v}>{formatNumber(v, "seconds")}</NumberCell>
                ))}
                <NumberCell sort={s.mild + s.severe}>{s.mild}, {s.severe}</NumberCell>
              </tr>
            );
          })}
        </Table>
      </details>
    </Section>
  );
}
