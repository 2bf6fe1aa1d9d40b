/**
 * The tables of adapters: what each recipe makes of the new text and of the old, and the race of grouped
 * products.
 *
 * @module
 */
import { sharedRanks } from "../../core/train/statistics.ts";
import { type Estimate, exactly, median } from "../../kernels/base/estimate.ts";
import type { Row, TableInfo } from "../../reports/result.ts";
import { contentId } from "../hash.ts";
import { lossAgainst, perplexityOn, type TunedGroup } from "./figures.ts";
import type { AdapterRace, AdapterRaced } from "./speed.ts";
import { toldOf } from "./told.ts";

/** A group with its perplexity on the new text, and the rank that it shares. */
export interface RankedGroup {
  /** The group. */
  group: TunedGroup;
  /** Perplexity on the new text. */
  perplexity: Estimate;
  /** From 1 on. */
  rank: number;
}

/** Groups by their perplexity on the new text, best first. */
export function rankTuned(groups: readonly TunedGroup[]): RankedGroup[] {
  const found = groups.map((group) => ({ group, perplexity: perplexityOn(group, "fresh_S") }));
  const ranks = sharedRanks(found.map(({ perplexity }) => perplexity), { better: "lower" });
  return found.map((one, i) => ({ ...one, rank: ranks[i] }))
    .sort((a, b) => a.perplexity.value - b.perplexity.value);
}

const TUNED = "adapters";

const note =
  "New domains have grammars that the base never saw; all recipes but full tuning train " +
  "about as many parameters as one LoRA. Rank is shared where intervals overlap. Loss above LoRA is " +
  "taken on equal sequences: below 0 is better. Forgetting is what the loss on the base's own domains " +
  "grew by. Works that are told the domain of a text have an advantage that others have not; on old text " +
  "its number meant another domain when they were tuned. Up to 8 experts a choice all experts are computed " +
  "for all tokens, which is faster than to sort tokens by expert: seconds a step compare what works do beside.";

/** What each recipe gave. */
export async function tunedTable(
  groups: readonly TunedGroup[],
  { base, control }: { base: TunedGroup; control: TunedGroup },
): Promise<{ info: TableInfo; rows: Row[] }> {
  const rows: Row[] = [];
  for (const { group, perplexity, rank } of rankTuned(groups)) {
    const { recipe, name, figures } = group;
    const seconds = figures.flatMap(({ stepSeconds }) => stepSeconds);
    const unverified = Object.keys(recipe?.unverified ?? {});
    rows.push({
      id: await contentId({ table: TUNED, recipe: recipe?.id ?? "base" }),
      table: TUNED,
      labels: {
        ...{ adapters: name, section: recipe?.section ?? "–", arxiv: recipe?.arxiv ?? "–" },
        ...{ placement: recipe?.placement ?? "–", size: figures[0].size ?? "–" },
        ...{ told: recipe ? toldOf(recipe) : "nothing", rank },
      },
      kind: "measured",
      metrics: {
        newPerplexity: perplexity,
        oldPerplexity: perplexityOn(group, "old_S"),
        ...group !== control && { lossAboveLora: lossAgainst(group, control, "fresh_S") },
        ...group !== base && { forgetting: lossAgainst(group, base, "old_S") },
        trainedParametersCount: exactly(figures[0].trained, "counted"),
        ...seconds.length > 0 && { stepSeconds: median(seconds) },
      },
      warnings: unverified.length === 0 ? [] : [`defaults of this suite: ${unverified.join(", ")}`],
    });
  }
  const info: TableInfo = {
    ...{ id: TUNED, title: "Adapters tuned to new domains over one frozen base", note },
    columns: [
      ...["adapters", "section", "arxiv", "placement", "size", "told", "rank"],
      ...[
        "newPerplexity",
        "oldPerplexity",
        "lossAboveLora",
        "forgetting",
        "trainedParametersCount",
        "stepSeconds",
      ],
    ],
    best: { newPerplexity: "lowest", oldPerplexity: "lowest", forgetting: "lowest" },
  };
  return { info, rows };
}

const RACED = "grouped";

/** What races gave. */
export async function raceTable(
  races: readonly { race: AdapterRace; raced: AdapterRaced }[],
): Promise<{ info: TableInfo; rows: Row[] }> {
  const rows: Row[] = [];
  for (const { race, raced: { grouped, loop, ratio, allRatio } } of races) {
    rows.push({
      id: await contentId({ table: RACED, race }),
      table: RACED,
      labels: { ...race },
      kind: "measured",
      metrics: {
        groupedSeconds: grouped,
        loopSeconds: loop,
        loopOverGrouped: ratio,
        allOverGrouped: allRatio,
      },
      warnings: [],
    });
  }
  const info: TableInfo = {
    ...{ id: RACED, title: "All adapters of a product at once, against other ways to run them" },
    note:
      "Forward and backward of low-rank adapters that share a base, each with equally many tokens: " +
      "rows sorted by adapter and two grouped products, against two products for each adapter on rows " +
      "that lie apart already; and against all adapters for all tokens, side by side in two products, " +
      "which is faster where they are few. Programs take the grouped way from 8 adapters a choice on. " +
      "Seconds are those of launches on this device, both sides in turn.",
  };
  return { info, rows };
}
