/**
 * Plans in words, as columns of a table and as settings of a card.
 *
 * @module
 */

/** A plan's words by name: `{ tp: "2", schedule: "1f1b" }`. */
export function wordsOfPlan(plan: string): Record<string, string> {
  return Object.fromEntries(
    plan.split(",").map((word) => {
      const at = word.indexOf("=");
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** Words that a table of plans always shows, and those that it shows where plans differ in them. */
const always = ["tp", "pp", "dp", "ep"];
const sometimes = ["cp", "vpp", "etp", "zero", "mb", "schedule", "recompute", "precision"];

/** A value in a column: a number where it is one, so that the column sorts by it. */
function cellOf(value: string | undefined): string | number {
  if (value === undefined) return "–";
  const number = Number(value);
  if (value.trim() !== "" && Number.isFinite(number)) return number;
  return value.replaceAll("+", " + ");
}

/**
 * The columns of some plans: degrees, and other short words in which the plans differ.
 *
 * @param plans Plans in words.
 */
export function planColumns(plans: readonly string[]): Record<string, string | number>[] {
  const rows = plans.map(wordsOfPlan);
  const words = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = words.filter((word) =>
    always.includes(word) ||
    sometimes.includes(word) && rows.some((row) => row[word] !== rows[0][word])
  );
  return rows.map((row) => Object.fromEntries(shown.map((word) => [word, cellOf(row[word])])));
}

/** Words of a plan as a person calls them. */
const settingNames: Readonly<Record<string, string>> = {
  tp: "tensor parallel (tp)",
  cp: "context parallel (cp)",
  dp: "data parallel (dp)",
  pp: "pipeline stages (pp)",
  vpp: "chunks of a stage (vpp)",
  ep: "expert parallel (ep)",
  etp: "tensor parallel of experts (etp)",
  sp: "sequence parallel (sp)",
  context: "context exchange",
  zero: "sharding (zero)",
  shard: "ranks that share (shard)",
  layers: "layers of each stage",
  mb: "micro-batch (mb)",
  gb: "sequences of a step (gb)",
  recompute: "computed again",
  offload: "in the host's memory",
  dispatch: "format to experts",
  combine: "format from experts",
  gradients: "format of gradients",
  parameters: "format of parameters",
  main: "format of main gradients",
  moments: "format of moments",
  overlap: "runs beside kernels",
  capacity: "capacity factor",
};

/** A plan's settings for a card. */
export function planSettings(plan: string): { label: string; value: string }[] {
  return Object.entries(wordsOfPlan(plan)).map(([word, value]) => ({
    label: settingNames[word] ?? word,
    value: value.replaceAll("+", " + "),
  }));
}
