/** Sections of a result's drawings, by their ids, and the order in which sections are read. @module */
import type { JSX } from "preact";
import type { Result } from "../result.ts";
import type { Visual } from "../visuals.ts";
import { BarsSection } from "./bars_section.tsx";
import { CardSection } from "./card_section.tsx";
import { FunnelSection } from "./funnel_section.tsx";
import { HeatmapSection } from "./heatmap_section.tsx";
import { IntervalSection } from "./interval_section.tsx";
import { LineSection } from "./line_section.tsx";
import { ScatterSection } from "./scatter_section.tsx";
import { WaterfallSection } from "./waterfall_section.tsx";

/** A section of the page. */
export interface PagePart {
  /** Its id. */
  id: string;
  /** As the contents name it. */
  title: string;
  /** What it shows. */
  body: JSX.Element;
}

const partsOf = <V extends Visual>(
  visuals: readonly V[] | undefined,
  body: (visual: V) => JSX.Element,
): PagePart[] => (visuals ?? []).map((v) => ({ id: v.id, title: v.title, body: body(v) }));

/** A result's cards. */
export function cardParts({ cards }: Result): PagePart[] {
  return partsOf(cards, (card) => <CardSection card={card} />);
}

/** A result's other drawings. */
export function visualParts(result: Result): PagePart[] {
  return [
    ...partsOf(result.intervals, (plot) => <IntervalSection plot={plot} />),
    ...partsOf(result.scatters, (scatter) => <ScatterSection scatter={scatter} />),
    ...partsOf(result.lines, (plot) => <LineSection plot={plot} />),
    ...partsOf(result.heatmaps, (heatmap) => <HeatmapSection heatmap={heatmap} />),
    ...partsOf(result.bars, (bars) => <BarsSection bars={bars} />),
    ...partsOf(result.waterfalls, (waterfall) => <WaterfallSection waterfall={waterfall} />),
    ...partsOf(result.funnels, (funnel) => <FunnelSection funnel={funnel} />),
  ];
}

/** Parts in the order of these ids; those not named follow as they stand. */
export function inOrder<P extends { id: string }>(
  parts: readonly P[],
  ids: readonly string[] = [],
): P[] {
  const first = ids.flatMap((id) => parts.filter((p) => p.id === id));
  return [...first, ...parts.filter(({ id }) => !ids.includes(id))];
}
