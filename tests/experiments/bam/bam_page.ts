/**
 * The lists of `docs/bam.md`, made of the recipes and of the run that is kept; run it to write them anew.
 */
import { schemeRecipes } from "../../../core/train/schemes/table.ts";
import { formatNumber, formatSigned } from "../../../reports/format.ts";
import type { IntervalLine } from "../../../reports/interval_plot.ts";
import { type Result, validateResult } from "../../../reports/mod.ts";
import { inColumns, type PageLists, writeLists } from "../../gate/page_lists.ts";
import { textOf } from "../../gate/sources.ts";

/** Where the run is kept. */
export const keptRun = "experiments/published/measured/bam/result.json";

const schemes = () =>
  inColumns(schemeRecipes.map(({ id, arxiv, from, idea }) => [id, arxiv ?? "-", from, idea]));

/** Mean perplexities of a table, measured and printed. */
function perplexities({ rows }: Result, id: string): string {
  const of = (kind: string) => rows.filter((row) => row.table === id && row.kind === kind);
  const printed = of("published");
  const two = (x: number) => formatNumber(x, "plain", 4);
  return inColumns([
    ["model", "matched", "measured", "", "printed"],
    ...of("measured").map(({ labels, metrics: { average } }) => {
      const alike = printed.find((row) =>
        row.labels.model === labels.model && row.labels.matched === labels.matched
      );
      return [
        `${labels.model}`,
        `${labels.matched}`,
        two(average.value),
        `${two(average.lo)} to ${two(average.hi)}`,
        alike ? two(alike.metrics.average.value) : "-",
      ];
    }),
  ]);
}

const interval = ({ lo, hi }: IntervalLine) =>
  lo === undefined || hi === undefined ? "-" : `${formatSigned(lo)} to ${formatSigned(hi)}`;

/** Claims of a size, what was measured over what was printed. */
function claims({ intervals = [] }: Result, size: string): string {
  const rows = intervals.flatMap(({ title, lines }) =>
    lines.filter(({ label }) => label === `${size} size, here`).map((line) => {
      const printed = lines.find(({ group, label }) =>
        group === line.group && label === `${size} size, in print`
      );
      return [
        title,
        line.group ?? "",
        formatSigned(line.value),
        interval(line),
        printed ? formatSigned(printed.value) : "-",
        line.follows ?? "",
      ];
    })
  );
  return inColumns([
    ["claim", "part", "measured", "95 % over seeds", "printed", "follows"],
    ...rows,
  ]);
}

/** The run that is kept. */
export const kept = validateResult(JSON.parse(textOf(keptRun)), keptRun);

/** The lists of the page by name. */
export const bamLists: PageLists = {
  schemes,
  "perplexity, small": () => perplexities(kept, "table-1"),
  "perplexity, large": () => perplexities(kept, "table-2"),
  "claims, small": () => claims(kept, "small"),
  "claims, large": () => claims(kept, "large"),
  verdict: () => kept.verdict.replaceAll(/[\u00a0\u202f]/g, " "),
};

if (import.meta.main) await writeLists("docs/bam.md", bamLists);
