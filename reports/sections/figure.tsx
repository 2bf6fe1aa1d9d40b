/** A plot in the page: canvas for the script, static drawing without it, legend and caption. @module */
import type { ComponentChildren, JSX } from "preact";
import type { Plot } from "../charts/plot.ts";
import { Legend } from "../svg/marks.tsx";
import { PlotSvg } from "../svg/plot_svg.tsx";

/** A plot with its caption; `table` is the id of the table that holds its numbers. */
export function PlotFigure(
  { plot, table, children }: { plot: Plot; table: string; children: ComponentChildren },
): JSX.Element {
  return (
    <figure class="plot-figure">
      <Legend plot={plot} />
      <div class="plot" style={`aspect-ratio: ${plot.aspect}`}>
        <PlotSvg plot={plot} />
        <canvas
          id={plot.id}
          role="img"
          aria-label={plot.label}
          aria-describedby={`${plot.id}-caption ${table}`}
          hidden
        />
      </div>
      <figcaption id={`${plot.id}-caption`}>{children}</figcaption>
    </figure>
  );
}
