/**
 * How near to the best the placements of single layers are: beside the bound that HiGHS certifies.
 *
 * @module
 */
import { exactly } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { placeExperts } from "../../sim/placement/place_experts.ts";
import { slotLoads } from "../../sim/placement/slots.ts";
import type { Context } from "../define.ts";
import { contentId } from "../hash.ts";
import { type Certificate, certifiedBound } from "./certified_bound.ts";
import type { TraceSource } from "./traces.ts";

/** A layer with its certificate. */
export interface CertifiedLayer {
  /** The trace. */
  trace: string;
  /** Which layer of it. */
  layer: number;
  /** Counts of its experts. */
  load_E: readonly number[];
  /** Ranks. */
  ranks: number;
  /** What is proven. */
  certificate: Certificate;
}

/** What is certified. */
export interface CertifySettings {
  /** Ranks. */
  ranks: number;
  /** Layers of each trace, the first ones. */
  layers: number;
  /** Seconds that the solver may take for one. */
  seconds: number;
  /** Seed of the traces. */
  seed: number;
}

/** Certifies the first layers of the first halves of traces. */
export async function certifyLayers(
  traces: readonly TraceSource[],
  settings: CertifySettings,
  { progress, signal }: Pick<Context, "progress" | "signal">,
): Promise<CertifiedLayer[]> {
  const { ranks, seconds, seed } = settings;
  const certified: CertifiedLayer[] = [];
  const layers = traces.flatMap((trace) =>
    trace.halves(seed).first.counts_LE.slice(0, settings.layers).map((load_E, layer) => ({
      ...{ trace: trace.name, layer, load_E },
    }))
  );
  progress.start(layers.length, "certificates");
  for (const one of layers) {
    signal.throwIfAborted();
    certified.push({
      ...one,
      ranks,
      certificate: await certifiedBound(one.load_E, { ranks, seconds }),
    });
    progress.step(`${one.trace}, layer ${one.layer}`);
    // The solver blocks: let Ctrl-C be heard between two layers.
    await new Promise((resume) => setTimeout(resume));
  }
  progress.stop();
  return certified;
}

/** The table of certified layers. */
export async function certifiedTable(
  certified: readonly CertifiedLayer[],
  { seconds }: CertifySettings,
): Promise<{ info: TableInfo; rows: Row[] }> {
  const id = "certificates";
  const rows = certified.map(async ({ trace, layer, load_E, ranks, certificate }): Promise<Row> => {
    const mean = load_E.reduce((sum, load) => sum + load, 0) / ranks;
    const over = (load: number, how: string) => exactly(load / mean, how);
    const by = (method: "longest-first" | "swaps") =>
      over(Math.max(...slotLoads(load_E, placeExperts(load_E, { ranks, method }))), method);
    const { boundLoad, bestLoad, gapFraction, solverSeconds, ending } = certificate;
    return {
      id: await contentId({ table: id, trace, layer, load_E, ranks }),
      table: id,
      labels: { trace, layer, ending },
      kind: "derived",
      metrics: {
        longestFirstOverMean: by("longest-first"),
        swapsOverMean: by("swaps"),
        bestOverMean: over(bestLoad, "best solution of HiGHS, which begins with that of the swaps"),
        boundOverMean: over(boundLoad, "certified lower bound"),
        gapFraction: exactly(gapFraction, "what the bound leaves open of the best"),
        solverSeconds: exactly(solverSeconds, "the solver's own clock"),
      },
      warnings: [],
    };
  });
  return {
    info: {
      id,
      title: "Single layers beside a certified bound",
      note:
        `Fullest rank over the mean on the half that experts are placed by, no replicas. HiGHS ` +
        `has ${seconds} s a layer. "bound met": the swaps reach a bound that needs no search.`,
      columns: [
        ...["trace", "layer", "longestFirstOverMean", "swapsOverMean", "bestOverMean"],
        ...["boundOverMean", "gapFraction", "ending", "solverSeconds"],
      ],
    },
    rows: await Promise.all(rows),
  };
}
