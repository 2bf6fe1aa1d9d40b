/** The papers' tables as data: their shape, and sums that have to come out. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  modelPreset,
  paperTable,
  paperTables,
  parameters,
  presetIds,
  surveyTimeline,
  works,
} from "../../../core/spec/mod.ts";

/** Number cells of a row, by key. */
const numbers = (row: Record<string, unknown>, ...keys: string[]) =>
  keys.map((k) => Number(row[k]));
const mean = (values: number[]) => values.reduce((s, v) => s + v, 0) / values.length;

/** Checks that the last column of each row is the mean of others, as far as it was printed. */
function averages(id: string, average: string, keys: string[], tolerance: number) {
  for (const row of paperTable(id).rows) {
    const name = `${id}: ${row.model ?? row.strategy}`;
    assertAlmostEquals(mean(numbers(row, ...keys)), Number(row[average]), tolerance, name);
  }
}

Deno.test("the tables that have to be there, each with cells for its columns", () => {
  const series = (paper: string, n: number) =>
    Array.from({ length: n }, (_, i) => `${paper}-${i + 1}`);
  const ids = [...series("survey", 4), ...series("bam", 10), ...series("btx", 5)];
  assertEquals(paperTables().map((t) => t.id), ids);
  for (const { id, columns, rows } of paperTables()) {
    for (const row of rows) assertEquals(Object.keys(row), columns.map((c) => c.key), id);
  }
});

Deno.test("an unknown table names the nearest one", () => {
  assertThrows(() => paperTable("bam-77"), TypeError, 'did you mean "bam-7"?');
});

Deno.test("the tables have as many rows as the papers print", () => {
  const rows = Object.fromEntries(paperTables().map((t) => [t.id, t.rows.length]));
  assertEquals(rows, {
    "survey-1": 4,
    "survey-2": 36,
    "survey-3": 14,
    "survey-4": 10,
    "bam-1": 9,
    "bam-2": 9,
    "bam-3": 9,
    "bam-4": 6,
    "bam-5": 2,
    "bam-6": 4,
    "bam-7": 3,
    "bam-8": 16,
    "bam-9": 11,
    "bam-10": 6,
    "btx-1": 4,
    "btx-2": 10,
    "btx-3": 2,
    "btx-4": 9,
    "btx-5": 6,
  });
});

Deno.test("BAM averages four columns in Table 1 and three in Table 2", () => {
  const domains = ["code", "law", "math"];
  averages("bam-1", "average", ["pretrain", ...domains], 0.0101);
  averages("bam-2", "average", domains, 0.0101);
  averages("bam-6", "average", ["pretrain", ...domains], 0.0101);
});

Deno.test("averages of downstream tasks", () => {
  const keys = paperTable("bam-3").columns.map((c) => c.key).slice(1, -1);
  averages("bam-3", "averagePercent", keys, 0.0101);
  const tasks = paperTable("btx-5").columns.map((c) => c.key).slice(1, -1);
  averages("btx-5", "averagePercent", tasks, 0.0601);
});

Deno.test("Table 9's parts sum to its printed active counts", () => {
  const rows = paperTable("bam-9").rows;
  const sum = (key: string) =>
    rows.slice(0, 9).reduce((s, row) => {
      const perLayer = String(row.part).endsWith("of a layer");
      return s + Number(row[key] ?? 0) * (perLayer ? 6 : 1);
    }, 0);
  const printed = rows.find((row) => row.part === "printed active")!;
  for (const key of ["dense", "bam", "bamShared", "btxTop1", "btxTop3"]) {
    assertEquals(sum(key), printed[key], key);
  }
});

Deno.test("BTX's totals in BAM's Table 4 are those of the description", () => {
  const model = modelPreset("btx-small");
  for (const row of paperTable("bam-4").rows.slice(1)) {
    const experts = Number(String(row.model).replace("BTX ", ""));
    const { total } = parameters({ ...model, moe: { ...model.moe!, experts } });
    // Printed in millions, cut or rounded.
    assertAlmostEquals(
      total / 1e6,
      Number(String(row.total).replace("M", "")),
      1,
      row.model as string,
    );
  }
});

Deno.test("every row of the survey's Table 2 has a preset with the row's sizes", () => {
  const rows = paperTable("survey-2").rows;
  assertEquals(new Set(rows.map((r) => r.preset)).size, rows.length);
  for (const row of rows) {
    const id = String(row.preset);
    assert(presetIds.includes(id), id);
    const model = modelPreset(id);
    // The table dates families; Mixtral 8x22B came a year after the first.
    const year = id === "mixtral-8x22b" ? 2024 : row.year;
    assertEquals([model.dModel, model.year], [row.dModel, year] as number[], id);
    const depth = model.reference?.arxiv === "2006.16668" ? 2 * model.layers : model.layers;
    assertEquals(depth, row.layers as number, id);
    assertEquals(model.attention.heads, row.heads as number, id);
    const a = model.attention;
    assertEquals(a.kind === "mla" ? a.valueDim : a.headDim, row.headDim as number, id);
  }
});

Deno.test("rows of Table 3 name presets", () => {
  for (const { preset } of paperTable("survey-3").rows) assert(presetIds.includes(String(preset)));
});

Deno.test("every arXiv id is well formed and listed once", () => {
  const ids = works().map((work) => work.arxiv);
  for (const id of ids) assertMatch(id, /^\d{4}\.\d{4,5}$/);
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(ids.length, 140);
});

Deno.test("works keep the mark of what was not read in a source", () => {
  const marked = works().filter((work) => work.unverified).map((work) => work.name);
  assertEquals(marked, ["MoE-Infinity", "Fiddler", "Aurora"]);
});

Deno.test("the timeline runs from 2017 to 2025 in order", () => {
  const periods = surveyTimeline().map(({ year, half = 0 }) => year + half / 10);
  assertEquals(periods, [2017, 2018, 2020, 2021, 2022, 2023, 2024.1, 2024.2, 2025]);
  assert(surveyTimeline()[5].works.includes("Mixtral-8x7B"));
});
