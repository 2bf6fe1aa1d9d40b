/**
 * What the study checks of its own figures.
 *
 * @module
 */
import type { Result } from "../../../reports/result.ts";
import type { ModelFigures, StudyFigures } from "../figures.ts";
import { seedsOf } from "./notes.ts";
import { rowsOf, type SizedRow, sizesOf } from "./rows.ts";
import { trained } from "./twins.ts";

type Check = Result["checks"][number];

const check = (name: string, value: number, told: { limit: number; note: string }): Check => ({
  ...{ name, value, limit: told.limit, passed: value <= told.limit, note: told.note },
});

const most = (values: readonly number[]) => Math.max(0, ...values);

/** Mixtures of a budget, each with BTX of its seed and size. */
function besideBtx(figures: StudyFigures, budget: ModelFigures["budget"]) {
  return figures.models.filter((one) => one.budget === budget && one.phase === "mix")
    .flatMap((one) => {
      const key: SizedRow = { row: "btx-4", size: one.size };
      const btx = trained(figures, key).find(({ seed }) => seed === one.seed);
      return btx ? [{ one, btx }] : [];
    });
}

const away = (a: number, b: number) => Math.abs(a / b - 1);

/** How far FLOP are from those of BTX beyond half a step, as a share of these: steps are whole. */
const flopsAway = ({ flops, steps }: ModelFigures, btx: ModelFigures) =>
  Math.max(0, Math.abs(flops - btx.flops) - 0.5 * flops / steps) / btx.flops;

/** How far a mean of sequences is from the loss that is told beside it. */
function sequenceError({ domains }: ModelFigures): number {
  return most(
    domains.map(({ loss, sequences }) =>
      Math.abs(loss - sequences.reduce((sum, x) => sum + x, 0) / sequences.length)
    ),
  );
}

/** How far a loss lies below what the process allows. */
const belowFloor = ({ domains }: ModelFigures) =>
  most(domains.map(({ loss, floor }) => floor === undefined ? 0 : floor - loss));

/** Trainings that a row lacks beside others of its size. */
function missing(figures: StudyFigures): number {
  return sizesOf(figures).reduce((sum, size) => {
    const own = { ...figures, models: figures.models.filter((one) => one.size === size) };
    const seeds = seedsOf(own);
    return sum + rowsOf(own, size).reduce((n, key) => n + seeds - trained(own, key).length, 0);
  }, 0);
}

/** All checks. */
export function studyChecks(figures: StudyFigures): Check[] {
  const { models } = figures;
  return [
    check("trainings that are missing", missing(figures), {
      limit: 0,
      note: "seeds that some rows of a size have and others have not",
    }),
    check(
      "compute-matched mixtures, FLOP away from BTX",
      most(besideBtx(figures, "compute").map(({ one, btx }) => flopsAway(one, btx))),
      { limit: 1e-6, note: "as a share, beyond half a step: steps are whole" },
    ),
    check(
      "data-matched mixtures, tokens away from BTX",
      most(besideBtx(figures, "data").map(({ one, btx }) => away(one.tokens, btx.tokens))),
      { limit: 0, note: "as a share" },
    ),
    check("losses away from the mean of their sequences", most(models.map(sequenceError)), {
      limit: 1e-3,
      note: "nats a token: intervals are of the sequences, tables of the losses",
    }),
    check("held-out loss below the least possible", most(models.map(belowFloor)), {
      limit: 0.05,
      note: "nats a token under the entropy of the text for who knows its process",
    }),
  ];
}
