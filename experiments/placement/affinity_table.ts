/**
 * How often tokens would change devices between layers under placements by load and by affinity.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { placeByAffinity } from "../../sim/placement/place_by_affinity.ts";
import { placeExperts } from "../../sim/placement/place_experts.ts";
import { type ExpertSlots, slotLoads } from "../../sim/placement/slots.ts";
import { countCrossings, type Crossings } from "../../sim/placement/transitions.ts";
import { imbalance } from "../../sim/step/layer/routing.ts";
import { contentId } from "../hash.ts";
import { overSeeds } from "./over_seeds.ts";
import type { TraceHalf } from "./synthetic_trace.ts";
import type { TraceSource } from "./traces.ts";

/** What experts are placed on. */
export interface AffinitySite {
  /** Ranks. */
  ranks: number;
  /** Neighbouring ranks of a node. */
  perNode: number;
  /** Seeds of the traces. */
  seeds: readonly number[];
}

/** A trace with its pairs. */
type PairedHalf = Required<TraceHalf>;

/** The placements, by their first half. */
const placements: Readonly<
  Record<string, (half: PairedHalf, site: AffinitySite) => ExpertSlots[]>
> = {
  "contiguous": ({ counts_LE }, { ranks }) =>
    counts_LE.map((load_E) => placeExperts(load_E, { ranks, method: "contiguous" })),
  "swaps": ({ counts_LE }, { ranks }) => counts_LE.map((load_E) => placeExperts(load_E, { ranks })),
  "affinity, loads within 10 %": ({ pairs_LEE, counts_LE }, { ranks, perNode }) =>
    placeByAffinity(pairs_LEE, { ranks, perNode, load_LE: counts_LE }),
  "affinity alone": ({ pairs_LEE }, { ranks, perNode }) =>
    placeByAffinity(pairs_LEE, { ranks, perNode, slack: Infinity }),
};

/** A placement judged by the other half. */
export interface AffinityFigures extends Crossings {
  /** Fullest rank over the mean, the mean of the layers. */
  busiestOverMean: number;
}

/** Places by the first half and judges by the second, for each seed. */
export function judgeAffinity(
  trace: TraceSource,
  site: AffinitySite,
): { name: string; figures: AffinityFigures[] }[] {
  const halves = site.seeds.map((seed) => trace.halves(seed));
  return Object.entries(placements).map(([name, place]) => ({
    name,
    figures: halves.flatMap(({ first, second }) => {
      if (!first.pairs_LEE || !second.pairs_LEE) return [];
      const slots_LRS = place({ ...first, pairs_LEE: first.pairs_LEE }, site);
      const { perNode } = site;
      const spread_L = second.counts_LE.map((load_E, layer) =>
        imbalance(slotLoads(load_E, slots_LRS[layer]))
      );
      const busiestOverMean = spread_L.reduce((sum, x) => sum + x, 0) / spread_L.length;
      return [{ ...countCrossings(second.pairs_LEE, { slots_LRS, perNode }), busiestOverMean }];
    }),
  }));
}

/** The table of placements by affinity; the traces know their pairs. */
export async function affinityTable(
  traces: readonly TraceSource[],
  site: AffinitySite,
): Promise<{ info: TableInfo; rows: Row[] }> {
  const id = "affinity";
  const rows = traces.flatMap((trace) =>
    judgeAffinity(trace, site).map(async ({ name, figures }): Promise<Row> => {
      const of = (pick: (one: AffinityFigures) => number): Estimate => overSeeds(figures.map(pick));
      return {
        id: await contentId({ table: id, trace: trace.name, name, site }),
        table: id,
        labels: { trace: trace.name, placement: name },
        kind: "derived",
        metrics: {
          betweenNodesFraction: of((one) => one.betweenNodesFraction),
          withinNodeFraction: of((one) => one.withinNodeFraction),
          hops: of((one) => one.hops),
          busiestOverMean: of((one) => one.busiestOverMean),
        },
        warnings: [],
      };
    })
  );
  return {
    info: {
      id,
      title: "How often the next expert of a token lies elsewhere",
      note: "Pairs of choices in consecutive layers on two nodes, on two ranks of one node, and " +
        "hops a pair, those between nodes counted twice; placed by the first half, counted on the " +
        "second. It matters where tokens stay on the device of their last expert.",
      columns: [
        ...["trace", "placement", "betweenNodesFraction", "withinNodeFraction", "hops"],
        "busiestOverMean",
      ],
      best: { hops: "lowest" },
    },
    rows: await Promise.all(rows),
  };
}
