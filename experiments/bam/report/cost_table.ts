/**
 * What the models cost: steps, tokens, FLOP, seconds, bytes and parameters of each row.
 *
 * @module
 */
import { type Estimate, exactly, median } from "../../../kernels/base/estimate.ts";
import type { Row } from "../../../reports/result.ts";
import { contentId } from "../../hash.ts";
import type { ToldTable } from "../../training/router_table.ts";
import type { ModelFigures, StudyFigures } from "../figures.ts";
import { matchedIn, nameOfRow, rowsOf, type SizedRow, sizesOf } from "./rows.ts";
import { trained } from "./twins.ts";

/** What a training costs beside what BTX of the same size does. */
function overBtx(
  models: readonly ModelFigures[],
  btx: readonly ModelFigures[],
): Record<string, Estimate> {
  const [one, other] = [models[0], btx[0]];
  if (!other || one.phase !== "mix") return {};
  const ratio = (key: "flops" | "tokens") => exactly(one[key] / other[key], "counted, over BTX's");
  const steps = models.flatMap(({ seed, stepSeconds }) => {
    const same = btx.find((rival) => rival.seed === seed);
    return same ? [stepSeconds / same.stepSeconds] : [];
  });
  return {
    flopsOverBtx: ratio("flops"),
    tokensOverBtx: ratio("tokens"),
    ...(steps.length > 0 && { stepOverBtx: median(steps) }),
  };
}

const counted = (value: number) => exactly(value, "counted");

async function costRow(figures: StudyFigures, key: SizedRow): Promise<Row> {
  const models = trained(figures, key);
  const [{ phase, steps, tokens, flops, bytes, parameters }] = models;
  const { row, size } = key;
  const labels = {
    ...{ model: nameOfRow(row, figures.domains), size, phase },
    matched: matchedIn(key) ?? "–",
  };
  return {
    id: await contentId({ table: "costs", labels }),
    ...{ table: "costs", labels, kind: "measured", warnings: [] },
    metrics: {
      stepsCount: counted(steps),
      tokensCount: counted(tokens),
      trainingFlops: counted(flops),
      stepSeconds: median(models.map(({ stepSeconds }) => stepSeconds)),
      peakBytes: counted(bytes),
      totalParametersCount: counted(parameters.total),
      activeParametersCount: counted(parameters.active),
      ...overBtx(models, trained(figures, { row: "btx-4", size })),
    },
  };
}

/** The table of costs. */
export async function costTable(figures: StudyFigures): Promise<ToldTable> {
  const keys = sizesOf(figures).flatMap((size) => rowsOf(figures, size));
  return {
    info: {
      id: "costs",
      title: "What the models cost",
      note: "Of the phase that trained a model last: a mixture stands on the seed model and its " +
        "branches, which cost the same for all mixtures. FLOP are those of the description, three " +
        "forward passes a step. Seconds are the median over seeds of each training's median step, " +
        "and their ratio to BTX that of trainings of a seed, one after the other on a machine that " +
        'may be busy: "bam-cost" measures steps side by side. A step here computes all attention ' +
        "experts.",
      columns: ["model", "size", "phase", "matched"],
    },
    rows: await Promise.all(keys.map((key) => costRow(figures, key))),
  };
}
