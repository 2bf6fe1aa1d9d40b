import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { StudyFigures } from "../../../../experiments/bam/figures.ts";
import { studyChecks } from "../../../../experiments/bam/report/checks.ts";
import { studyClaims } from "../../../../experiments/bam/report/claims.ts";
import { studyLines } from "../../../../experiments/bam/report/lines.ts";
import { studyReport } from "../../../../experiments/bam/report/report.ts";
import { renderReport } from "../../../../reports/report.ts";
import { validateResult } from "../../../../reports/validate.ts";
import { fixture } from "../../../reports/fixture.ts";
import { madeUpFigures } from "./made_up.ts";

const redrawing = { seed: 1, draws: 100 };

async function page(figures: StudyFigures) {
  const { circumstances: _, ...told } = {
    circumstances: {},
    ...await studyReport(figures, { redrawing }),
  };
  const { provenance } = fixture();
  const result = {
    ...{ schema: 1 as const, experiment: "bam", title: "BAM", question: "Is it so?", provenance },
    ...told,
  };
  return validateResult(JSON.parse(JSON.stringify(result)), "result.json");
}

Deno.test("the page is a valid result that says the answer first and fits its size", async () => {
  const result = await page(madeUpFigures(1));
  assertMatch(result.verdict, /^On the small size the premise holds \(9 of 9 branches/);
  assertStringIncludes(result.verdict, "of 4 claims 4 hold, 0 fail, 0 are undecided");
  assertMatch(result.verdict, /BAM against BTX, expert KV, equal compute: −\d\.\d\u00a0% \(−/);
  assertMatch(result.decision, /^As the work says: BAM against BTX \(small, large\)/);
  assertEquals(result.sections!.slice(0, 3), ["verdicts", "claim-btx", "claim-kv"]);
  const html = renderReport(result);
  assert(html.length < 600_000, `${html.length}`);
  assert(!/NaN|undefined|Infinity/.test(html.replace(/<script.*?<\/script>/gs, "")));
});

Deno.test("claims are drawn with printed numbers beside measured ones, each marked", async () => {
  const [btx] = (await page(madeUpFigures(1))).intervals!;
  const { lines } = btx;
  assertEquals(lines.slice(0, 4).map(({ label, kind }) => `${label} ${kind}`), [
    "small size, here measured",
    "small size, in print published",
    "large size, here measured",
    "large size, in print published",
  ]);
  const [measured, printed] = lines;
  assertEquals(measured.parts?.map(({ label }) => label), ["seed 1", "seed 2", "seed 3"]);
  assert(measured.hi! < 0 && measured.lo! < measured.value && measured.value < measured.hi!);
  assertEquals([printed.lo, printed.follows], [undefined, undefined]);
  assert(Math.abs(printed.value + 0.0655) < 1e-3, `${printed.value}`);
});

Deno.test("a failed premise and one seed are said in the answer", async () => {
  const failed = await page(madeUpFigures(1, { added: { "dense-1": 2 }, sizes: ["small"] }));
  assertStringIncludes(failed.verdict, "premise fails (6 of 9 branches");
  assertStringIncludes(failed.verdict, "no claim counts");
  assertStringIncludes(failed.decision, "Nothing is decided");
  const single = await page(madeUpFigures(1, { seeds: 1, sizes: ["small"] }));
  assertStringIncludes(single.verdict, "of 4 claims 0 hold, 0 fail, 4 are undecided");
  assertStringIncludes(single.verdict, "one seed");
  assertEquals(single.intervals![0].lines[0].lo, undefined);
});

Deno.test("losses are shown against the seed model, shares of the main mixtures", async () => {
  const { heatmaps } = await page(madeUpFigures(1));
  const [losses, shares] = heatmaps!;
  assertEquals(losses.rows.labels[0], "dense, reversed");
  const [general, own, other] = losses.values[0].map((x) => x!);
  assert(general > 0 && own < 0 && other > 0);
  assertEquals(shares.columns.labels.slice(0, 5), [
    ...["seed", "reversed", "rotated", "mirrored", "copy 1"],
  ]);
  assertEquals(shares.values[0].slice(3, 6), [1 / 7, null, null]);
});

Deno.test("checks fail where something is wrong with the figures", () => {
  const failedOf = (figures: StudyFigures) =>
    studyChecks(figures).filter(({ passed }) => !passed).map(({ name }) => name);
  const figures = madeUpFigures(1);
  assertEquals(failedOf(figures), []);
  assertEquals(failedOf({ ...figures, models: figures.models.slice(1) }), [
    "trainings that are missing",
  ]);
  const change = (changed: Partial<StudyFigures["models"][number]>, row: string) => ({
    ...figures,
    models: figures.models.map((one) => one.row === row ? { ...one, ...changed } : one),
  });
  assertEquals(failedOf(change({ flops: 2e12 }, "bam-top-2")), [
    "compute-matched mixtures, FLOP away from BTX",
  ]);
  assertEquals(failedOf(change({ tokens: 7 }, "btx-5")), [
    "data-matched mixtures, tokens away from BTX",
  ]);
  const [{ domains }] = figures.models;
  const low = domains.map((one) => ({ ...one, loss: 0.5 }));
  assertEquals(failedOf(change({ domains: low }, "seed")), [
    "losses away from the mean of their sequences",
    "held-out loss below the least possible",
  ]);
});

Deno.test("the command line gets a table and a line for each verdict", () => {
  const figures = madeUpFigures(1, { sizes: ["small"] });
  const lines = studyLines(figures, studyClaims(figures, redrawing));
  assertMatch(lines[0], /^small, perplexity +general +reversed +rotated +mirrored +mean$/);
  assert(lines.some((line) => line.startsWith("BAM, expert KV, equal data ")));
  assertMatch(lines.at(-6)!, /^The premise holds on the small size: all 9 branches of 3 seeds/);
  assertEquals(lines.slice(-5).map((line) => line.split(":")[0]), Array(5).fill("holds"));
});

Deno.test("the same figures give the same page", async () => {
  const figures = madeUpFigures(2, { seeds: 2, sizes: ["large"] });
  assertEquals(
    await studyReport(figures, { redrawing }),
    await studyReport(figures, { redrawing }),
  );
});
