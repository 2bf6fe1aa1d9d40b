/**
 * Simulated steps of the work's own sizes as a table and bars.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/mod.ts";
import type { Row, TableInfo } from "../../../reports/result.ts";
import type { Bars } from "../../../reports/visuals.ts";
import { contentId } from "../../hash.ts";
import type { ClusterStep } from "./cluster.ts";
import { RIVAL } from "./variants.ts";

/** How tokens are hidden, in words. */
const hidingWords = { none: "beside nothing", attention: "beside attention" } as const;

/** The table. */
export const clusterTable: TableInfo = {
  id: "clusters",
  title: "A training step of the work's own sizes on a cluster",
  note:
    "Simulated, with the base stack, batches of the work (1 Mi and 4 Mi tokens), ZeRO 1, balanced " +
    "routing. Beside attention: tokens travel while the other half of the parallel block computes, " +
    "but for the share of an exchange that stops kernels. Over BTX: the same cluster, tokens " +
    "hidden the same way. Events: the same step run event by event, links shared.",
  columns: [
    ...["cluster", "size", "model", "tokens", "expert ranks", "stepSeconds", "overBtx"],
    ...["shownTokensSeconds", "hiddenTokensSeconds", "tokensPerSecond", "peakBytes"],
    "eventSeconds",
  ],
};

/** BTX's step beside a step: the dense model has no tokens to hide, and is held against either. */
function rivalOf(step: ClusterStep, steps: readonly ClusterStep[]): ClusterStep {
  const { cluster, hiding, paper: { size } } = step;
  const rivals = steps.filter(({ paper, cluster: where }) =>
    paper.id === RIVAL && paper.size === size && where === cluster
  );
  return rivals.find((one) => one.hiding === hiding) ?? rivals[0];
}

/** A step's time over BTX's. */
export const overBtx = (step: ClusterStep, steps: readonly ClusterStep[]): number =>
  step.stepSeconds / rivalOf(step, steps).stepSeconds;

/** Rows of all steps. */
export async function clusterRows(steps: readonly ClusterStep[]): Promise<Row[]> {
  const simulated = (value: number) => exactly(value, "closed form");
  return await Promise.all(steps.map(async (step): Promise<Row> => {
    const { paper: { id, name, size }, cluster, hiding, expertRanks } = step;
    return {
      id: await contentId({ table: "clusters", cluster, id, size, hiding }),
      ...{ table: "clusters", kind: "simulated" },
      labels: {
        ...{ cluster, size, model: name, "expert ranks": expertRanks },
        tokens: id === "seed" ? "none" : hidingWords[hiding],
      },
      metrics: {
        stepSeconds: simulated(step.stepSeconds),
        overBtx: simulated(overBtx(step, steps)),
        shownTokensSeconds: simulated(step.tokenSeconds),
        hiddenTokensSeconds: simulated(step.hiddenSeconds),
        tokensPerSecond: simulated(step.tokensPerSecond),
        peakBytes: simulated(step.peakBytes),
        eventSeconds: exactly(step.eventSeconds, "event by event"),
      },
      warnings: step.fits ? [] : ["more than a device holds"],
    };
  }));
}

/** What shows of tokens in the steps of a size, on each cluster. */
export function clusterBars(steps: readonly ClusterStep[]): Bars {
  const some = steps.filter(({ paper }) => paper.size === "large" && paper.id !== "seed");
  return {
    id: "cluster-tokens",
    title: "The large size on clusters: what of a step is tokens on their way",
    note: "Simulated seconds of a step. A hidden exchange runs beside attention and is in no step.",
    ...{ kind: "simulated", unit: "seconds", form: "stacked" },
    bars: some.map(({ paper, cluster, hiding, stepSeconds, tokenSeconds }) => ({
      label: `${paper.name}, ${cluster}, ${hidingWords[hiding]}`,
      parts: [
        { label: "kernels and all else", value: stepSeconds - tokenSeconds },
        { label: "tokens that show", value: tokenSeconds },
      ],
    })),
  };
}
