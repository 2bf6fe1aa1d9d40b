/**
 * What `upcycle` prints: methods, and what came of one.
 *
 * @module
 */
import { type SchemeRecipe, sourceWords } from "../../core/mod.ts";
import { formatNumber } from "../../reports/format.ts";
import { formatTable } from "../table.ts";
import type { Upcycled } from "./make.ts";
import { showGroups } from "./weight_table.ts";

/** The methods as a table. */
export function showMethods(recipes: readonly SchemeRecipe[]): string {
  return formatTable(
    [{ head: "method" }, { head: "from" }, { head: "arXiv" }, { head: "idea" }],
    recipes.map(({ id, from, arxiv, idea }) => [id, sourceWords[from], arxiv ?? "", idea]),
  );
}

/** What `upcycle list --json` gives of a method. */
export type MethodEntry =
  & Pick<SchemeRecipe, "id" | "name" | "arxiv" | "section" | "from" | "idea" | "sameAtStart">
  & Pick<SchemeRecipe, "whyNot" | "unverified">;

/** The methods as data. */
export const methodEntries = (recipes: readonly SchemeRecipe[]): MethodEntry[] =>
  recipes.map(({ id, name, arxiv, section, from, idea, sameAtStart, whyNot, unverified }) => ({
    ...{ id, name, arxiv, section, from, idea, sameAtStart, whyNot, unverified },
  }));

const count = (value: number) => formatNumber(value, "count");
const loss = (value: number) => value.toFixed(4);
const apartWord = (value: number) => value === 0 ? "none" : value.toExponential(1);

/** Loss of a model over the tokens, line by line. */
function lossLines({ sources, proof }: Upcycled): string {
  return formatTable(
    [{ head: "model" }, { head: `loss of ${proof.tokens} seeded tokens`, align: "right" }],
    [
      ["made", loss(proof.loss)],
      ...sources.map(({ path }, i) => [path, loss(proof.sourceLosses[i])]),
      ["one that knows nothing", loss(proof.evenLoss)],
    ],
  );
}

function alikeLine({ method, sources, proof: { alikeApart: apart }, whyNot }: Upcycled): string {
  if (apart !== undefined) {
    const alike = sources.length > 1
      ? `${sources.length} copies of ${sources[0].path} make a model of its logits`
      : "A source whose networks are alike keeps its logits";
    return `${alike}: largest difference ${apartWord(apart)}`;
  }
  return `Logits change at once under ${method}: ${
    whyNot ?? "its router or gate gives no weights that sum to 1"
  }`;
}

function folderLine({ out, written }: Upcycled): string {
  const { layout, architecture, because, dtype } = written;
  const what = {
    "hugging-face": `as Hugging Face keeps a ${architecture}`,
    "moelab": "with moelab.json, which generate reads",
    "checkpoint": "as the checkpoint of a training that has made no step",
  }[layout];
  return `${out}: ${dtype}, ${what}${because ? `, which generate does not run. ${because}` : ""}`;
}

/** What came of a making. */
export function showUpcycled(made: Upcycled): string {
  const { method, idea, sources, weights, unverified = {}, proof } = made;
  const sizes = [
    ...sources.map(({ path, total, active }) => [path, count(total), count(active)]),
    [method, count(made.made.total), count(made.made.active)],
  ];
  const told = Object.entries(unverified).map(([field, what]) => `${field}: ${what}`);
  return [
    `${method}: ${idea}`,
    "",
    showGroups(weights),
    "",
    formatTable([
      { head: "parameters" },
      { head: "total", align: "right" },
      { head: "active", align: "right" },
    ], sizes),
    "",
    lossLines(made),
    "",
    `Read back: largest difference of a number ${apartWord(proof.readBackApart)}`,
    alikeLine(made),
    ...(told.length > 0 ? [`No source confirms: ${told.join("; ")}`] : []),
    folderLine(made),
  ].join("\n");
}
