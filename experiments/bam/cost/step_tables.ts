/**
 * Measured steps as tables, pairs and bars.
 *
 * @module
 */
import { exactly } from "../../../kernels/base/mod.ts";
import type { Pair, Row, TableInfo } from "../../../reports/result.ts";
import type { Bars } from "../../../reports/visuals.ts";
import { errorOf } from "../../compare/errors_of_pairs.ts";
import { againstFlops, byFlops, type StepFigures } from "./step_figures.ts";
import { RIVAL } from "./variants.ts";

/** The table of steps. */
export const stepTable: TableInfo = {
  id: "steps",
  title: "A training step of each",
  note:
    "Over BTX: ratios of neighbouring runs, with the interval of their median. By FLOP: of the " +
    "description, where attention experts that a token is not sent to do not count; all that ran " +
    "has them, since they are computed all the same. By the profile: the sum of the prices of all " +
    "operators. Slower or faster than FLOP say where the interval does not hold their ratio.",
  columns: [
    ...["variant", "stepSeconds", "stepOverBtx", "flopsOverBtx", "ranFlopsOverBtx"],
    ...["profileOverBtx", "against FLOP", "forwardSeconds", "forwardOverBtx"],
    ...["predictedSeconds", "errorFraction"],
  ],
  best: { stepSeconds: "lowest", forwardSeconds: "lowest" },
};

/** The table of memory. */
export const memoryTable: TableInfo = {
  id: "memory",
  title: "Memory of training",
  note:
    "The most that the pools held: weights with both moments and their mirrors, and what a step " +
    "makes. Predicted: from the description alone. Over BTX beside it.",
  columns: [
    ...["variant", "heldBytes", "predictedBytes", "heldOverBtx", "stateBytes"],
    "activationBytes",
  ],
  best: { heldBytes: "lowest" },
};

const BYTES = "counted by the pools";
const held = ({ heldBytes }: StepFigures) => heldBytes.state + heldBytes.step;

/** Rows of both tables. */
export function stepRows(figures: readonly StepFigures[]): Row[] {
  const rival = figures.find(({ variant }) => variant.id === RIVAL)!;
  return figures.flatMap((one): Row[] => {
    const { pair, variant } = one;
    const labels = { variant: variant.name };
    const seconds: Row = {
      ...{ id: pair.id, table: "steps", kind: "measured", warnings: [] },
      labels: { ...labels, "against FLOP": variant.id === RIVAL ? "" : againstFlops(one) },
      metrics: {
        stepSeconds: pair.measured,
        stepOverBtx: one.stepRatio,
        flopsOverBtx: byFlops(one),
        ranFlopsOverBtx: exactly(one.ranRatio, "FLOP of all operators over BTX's"),
        profileOverBtx: exactly(one.predictedRatio, "prices over BTX's"),
        forwardSeconds: exactly(one.forwardSeconds, "lower quartiles of launches, added"),
        forwardOverBtx: one.forwardRatio,
        predictedSeconds: pair.predicted,
        errorFraction: exactly(errorOf(pair), "predicted / measured - 1"),
      },
    };
    const memory: Row = {
      ...{ id: `${pair.id}-memory`, table: "memory", labels, kind: "measured", warnings: [] },
      metrics: {
        heldBytes: exactly(held(one), BYTES),
        predictedBytes: exactly(one.predictedBytes, "planned from the description"),
        heldOverBtx: exactly(held(one) / held(rival), BYTES),
        stateBytes: exactly(one.heldBytes.state, BYTES),
        activationBytes: exactly(one.heldBytes.step, BYTES),
      },
    };
    return [seconds, memory];
  });
}

/** Predicted and measured steps. */
export const stepPairs = (figures: readonly StepFigures[]): Pair[] =>
  figures.map(({ pair }) => pair);

/** What launches work for, variant by variant. */
export const stepBars = (figures: readonly StepFigures[]): Bars => ({
  id: "step-parts",
  title: "Where a training step goes",
  note: "Undisturbed times of launches by what they work for, forward and backward; norms before " +
    "networks and attention are among those. The gaps between launches are left out.",
  ...{ kind: "measured", unit: "seconds", form: "stacked" },
  bars: figures.map(({ variant, parts }) => ({
    label: variant.name,
    parts: Object.entries(parts).map(([label, value]) => ({ label, value })),
  })),
});
