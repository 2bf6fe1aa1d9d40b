/**
 * What trainings of one kind of experts say together, and against the kind that comes first.
 *
 * @module
 */
import { meanOverSeeds, sharedRanks } from "../../core/train/statistics.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { Row } from "../../reports/result.ts";
import { contentId } from "../hash.ts";
import type { ToldTable } from "../training/router_table.ts";
import type { KindFigures } from "./kind_runs.ts";
import type { SizedKind } from "./kind_sizes.ts";
import { mean } from "../mean.ts";

/** Trainings that differ in their seed alone. */
export interface KindGroup {
  /** The kind. */
  kind: SizedKind;
  /** What came out, by seed. */
  figures: KindFigures[];
}

/** The mean of samples of one seed, or of means of several. */
function overSeeds(samples: readonly (readonly number[])[]): Estimate {
  if (samples.length > 1) {
    return { ...meanOverSeeds(samples.map(mean)), method: "mean over seeds, 95 % Student's t" };
  }
  return {
    ...meanOverSeeds(samples[0]),
    method: "one seed: mean over held-out samples, 95 % Student's t",
  };
}

/** Held-out loss, nats. */
export function kindLoss({ figures }: Pick<KindGroup, "figures">): Estimate {
  return overSeeds(figures.map(({ heldOut_S }) => heldOut_S));
}

/** Held-out loss less that of a control on equal seeds and samples, nats. */
export function kindDifference(
  { figures }: Pick<KindGroup, "figures">,
  control: Pick<KindGroup, "figures">,
): Estimate {
  return overSeeds(
    figures.map(({ heldOut_S }, i) =>
      heldOut_S.map((loss, s) => loss - control.figures[i].heldOut_S[s])
    ),
  );
}

/** The groups that are better and worse than the first of them, and the others. */
export function kindSides(
  groups: readonly KindGroup[],
): { better: KindGroup[]; worse: KindGroup[]; alike: KindGroup[] } {
  const sides = { better: [] as KindGroup[], worse: [] as KindGroup[], alike: [] as KindGroup[] };
  const [control, ...others] = groups;
  for (const group of others) {
    const { lo, hi } = kindDifference(group, control);
    sides[hi < 0 ? "better" : lo > 0 ? "worse" : "alike"].push(group);
  }
  return sides;
}

const columns = ["rank", "kind", "heldOutLoss", "tokenFlops", "parametersCount", "width", "gate"];

/** Kinds of one task, best first, and their differences to the first. */
export async function kindTables(
  groups: readonly KindGroup[],
  { id, title, unit }: { id: string; title: string; unit: string },
): Promise<ToldTable[]> {
  const losses = groups.map(kindLoss);
  const ranks = sharedRanks(losses, { better: "lower" });
  const order = [...groups.keys()].sort((i, j) => losses[i].value - losses[j].value);
  const [control] = groups;
  const row = async (i: number): Promise<Row> => {
    const { kind: { recipe, sizes, flops, ratio }, figures } = groups[i];
    return {
      id: await contentId({ table: id, kind: recipe.id }),
      table: id,
      labels: {
        ...{ rank: ranks[i], kind: recipe.name, gate: recipe.gate.name },
        width: (recipe.where === "image" ? sizes.image : sizes.decoder).width,
      },
      kind: "measured",
      metrics: {
        heldOutLoss: losses[i],
        tokenFlops: exactly(flops, "formula"),
        parametersCount: exactly(figures[0].parameters, "counted"),
      },
      warnings: [
        ...Math.abs(ratio - 1) > 0.05 ? [`FLOP ${ratio.toFixed(2)} of the first's`] : [],
        ...recipe.gate.score.of === "tag" ? ["its gate is told the domain"] : [],
      ],
    };
  };
  const differences = [...groups.keys()].filter((i) => i > 0)
    .map((i) => ({ i, difference: kindDifference(groups[i], control) }))
    .sort((a, b) => a.difference.value - b.difference.value);
  const differenceRow = async (
    { i, difference: { value, lo, hi, n, method } }: typeof differences[number],
  ): Promise<Row> => {
    const at = (end: number): Estimate => ({ ...exactly(end, method), n });
    return {
      id: await contentId({ table: `${id}-difference`, kind: groups[i].kind.recipe.id }),
      ...{ table: `${id}-difference`, labels: { kind: groups[i].kind.recipe.name } },
      kind: "measured",
      metrics: { lowestLoss: at(lo), lossDifference: at(value), highestLoss: at(hi) },
      warnings: [],
    };
  };
  const note = `FLOP are those of a ${unit} in the block with experts, by formula, for kernels ` +
    "that compute the chosen experts alone.";
  return [
    {
      info: { id, title, note, columns, best: { heldOutLoss: "lowest" } },
      rows: await Promise.all(order.map(row)),
    },
    {
      info: {
        id: `${id}-difference`,
        title: `${title}: held-out loss against ${control.kind.recipe.name}`,
        note: "On equal seeds and equal samples, nats: left of 0 is better.",
        ranges: { low: "lowestLoss", middle: "lossDifference", high: "highestLoss" },
      },
      rows: await Promise.all(differences.map(differenceRow)),
    },
  ];
}
