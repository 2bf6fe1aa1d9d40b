/** Timelines as Gantt charts, with the shares of each rank in a table. @module */
import type { JSX } from "preact";
import type { SpanClass } from "../../sim/engine/span.ts";
import { formatNumber } from "../format.ts";
import { anchor } from "../html.ts";
import type { Timeline } from "../result.ts";
import { Gantt, ganttLayout, GanttLegend, GanttPatterns } from "../svg/gantt.tsx";
import { type Layout, type RankShare, sharesOf } from "../svg/lanes.ts";
import { Badge, Column, NumberCell, Permalink, Section, Table } from "./parts.tsx";

/** Rectangles of all timelines of a page together: more make it heavy and no clearer. */
const barsAPage = 1000;

const classes: readonly SpanClass[] = ["compute", "communication", "waiting"];

function Shares({ id, shares, whole }: { id: string; shares: RankShare[]; whole: number }) {
  const cell = (seconds: number) => (
    <NumberCell sort={seconds}>
      {formatNumber(seconds / whole, "fraction", 3)}
      <small>{formatNumber(seconds, "seconds")}</small>
    </NumberCell>
  );
  return (
    <details class="data">
      <summary>Shares of each rank in a table</summary>
      <Table
        id={`${id}-data`}
        sortable
        caption={`Time of each rank by class, and as a share of the whole (${
          formatNumber(whole, "seconds")
        }); streams overlap, so shares may exceed 100 %`}
        head={
          <>
            <Column name="Rank" />
            {classes.map((c) => <Column key={c} name={c} unit="share, time" numeric />)}
            <Column name="exposed" unit="communicates alone" numeric />
            <Column name="bubble" unit="does neither" numeric />
          </>
        }
      >
        {shares.map((s) => (
          <tr key={s.rank}>
            <th scope="row" data-v={s.rank}>rank {s.rank}</th>
            {classes.map((c) => cell(s.seconds[c]))}
            {cell(s.exposedSeconds)}
            {cell(s.idleSeconds)}
          </tr>
        ))}
      </Table>
    </details>
  );
}

function notes(layout: Layout): string {
  const merged = layout.bars.filter((b) => b.spans.length > 1)
    .reduce((sum, b) => sum + b.spans.length, 0);
  return [
    merged > 0 ? `${merged} spans too short to be seen are drawn together.` : "",
    layout.ranksLeftOut > 0 ? `The last ${layout.ranksLeftOut} ranks are not drawn.` : "",
  ].filter(Boolean).join(" ");
}

function TimelineFigure({ timeline, limit }: { timeline: Timeline; limit: number }) {
  const id = anchor("timeline", timeline.id);
  const heading = (
    <h3 id={`${id}-title`}>
      {timeline.title} <Badge kind={timeline.kind} />
      <Permalink id={id} name={timeline.title} />
    </h3>
  );
  if (timeline.spans.length === 0) {
    return (
      <div id={id}>
        {heading}
        <p>{timeline.note} This timeline has no spans.</p>
      </div>
    );
  }
  const layout = ganttLayout(timeline, limit);
  const whole = layout.endSeconds - layout.startSeconds || 1;
  const shares = sharesOf(timeline.spans, whole);
  const mean = (of: (s: RankShare) => number) =>
    formatNumber(shares.reduce((sum, s) => sum + of(s), 0) / shares.length / whole, "fraction", 3);
  return (
    <div id={id}>
      {heading}
      <figure>
        <GanttLegend />
        <div class="scroll" tabIndex={0} role="region" aria-labelledby={`${id}-title`}>
          <Gantt timeline={timeline} layout={layout} />
        </div>
        <figcaption>
          {timeline.note} Of {formatNumber(whole, "seconds")}, an average rank computes{" "}
          {mean((s) => s.seconds.compute)}, communicates {mean((s) => s.seconds.communication)}{" "}
          and waits {mean((s) => s.seconds.waiting)}. Communication that no computing hides takes
          {" "}
          {mean((s) => s.exposedSeconds)}; the bubble, in which a rank does neither,{" "}
          {mean((s) => s.idleSeconds)}. {notes(layout)}
        </figcaption>
      </figure>
      <Shares id={id} shares={shares} whole={whole} />
    </div>
  );
}

/** The timelines section. */
export function Timelines({ timelines }: { timelines: readonly Timeline[] }): JSX.Element {
  const limit = Math.floor(barsAPage / timelines.length);
  return (
    <Section
      id="timelines"
      title="Timelines"
      lead={
        <>
          One lane a stream of a rank; hover a bar to read it. Every span stands in{" "}
          <a href="trace.json" download>trace.json</a>{" "}
          beside this page, for a trace viewer such as Perfetto.
        </>
      }
    >
      <GanttPatterns />
      {timelines.map((t) => <TimelineFigure key={t.id} timeline={t} limit={limit} />)}
    </Section>
  );
}
