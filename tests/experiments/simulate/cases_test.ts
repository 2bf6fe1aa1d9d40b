import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { loadCases } from "../../../experiments/published/load_cases.ts";
import { kernelFigures } from "../../../experiments/simulate/cases/kernel_figures.ts";
import {
  formatPredictions,
  predictRow,
  type RowPrediction,
} from "../../../experiments/simulate/cases/predict_row.ts";
import { readRows } from "../../../experiments/simulate/cases/read_rows.ts";
import { nearestStack } from "../../../experiments/simulate/stacks.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const rows = await loadCases();
const predictions = rows.map((row) => predictRow(row, nearestStack));
const byId = new Map(predictions.map((p) => [p.id, p]));

/** The figures of a row. */
function figures(p: RowPrediction | undefined): Record<string, unknown> {
  if (p === undefined || "unsupported" in p) throw new RangeError(JSON.stringify(p));
  return p.predicted;
}

Deno.test("rows of every category but inference are predicted, most of them", () => {
  const share: Record<string, number> = {};
  for (const [category, own] of Map.groupBy(rows, (row) => row.category)) {
    share[category] = own.filter(({ id }) => "predicted" in byId.get(id)!).length / own.length;
  }
  assertEquals(share.inference, 0);
  assert(share.train_dense === 1, `${share.train_dense}`);
  for (const [category, least] of [["train_moe", 0.85], ["comm", 0.85], ["kernel", 0.9]] as const) {
    assert(share[category] >= least, `${category}: ${share[category]}`);
  }
});

Deno.test("a prediction has the row's own keys, and whether a step fits", () => {
  for (const row of rows) {
    const p = byId.get(row.id)!;
    if ("unsupported" in p) continue;
    const others = Object.keys(p.predicted).filter((key) => !(key in row.result));
    assert(others.every((key) => key === "outcome"), `${row.id}: ${others}`);
  }
});

Deno.test("times, rates and FLOP/s of a row are one prediction in three conventions", () => {
  const row = rows.find(({ id }) => id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
  const said = figures(byId.get(row.id)) as Record<string, number>;
  const { gbs, seq_len } = row.workload;
  const tokens = gbs! * seq_len! / row.hardware.n_gpus!;
  assertAlmostEquals(said.tokens_per_s_per_gpu * said.derived_step_time_s / tokens, 1, 1e-4);
  const printed = row.result as Record<string, number>;
  const perToken = (of: Record<string, number>) =>
    of.model_tflops_per_gpu / of.tokens_per_s_per_gpu;
  assertAlmostEquals(perToken(said) / perToken(printed), 1, 0.01);
});

Deno.test("no figure of a result decides its prediction", () => {
  const some = rows.filter((_, i) => i % 9 === 0);
  for (const row of some) {
    const doubled = Object.fromEntries(
      Object.entries(row.result).map(([key, v]) => [key, typeof v === "number" ? 3 * v : v]),
    );
    // What communication kernels were given is an input that stands among the figures.
    const sms = "comm_sms" in row.result ? { comm_sms: row.result.comm_sms } : {};
    const other = predictRow({ ...row, result: { ...doubled, ...sms } }, nearestStack);
    const { pretrain_gpu_hours: _, ...own } = "predicted" in other ? other.predicted : {};
    const p = byId.get(row.id)!;
    const { pretrain_gpu_hours: _h, ...before } = "predicted" in p ? p.predicted : {};
    assertEquals(own, before, row.id);
  }
});

Deno.test("rows without a result are predicted under every key that can be said", () => {
  const row = rows.find(({ id }) => id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
  const blind = figures(predictRow({ ...row, result: {} }, nearestStack));
  const seen = figures(byId.get(row.id));
  assert("step_time_s" in blind && "peak_allocated_MB_by_rank" in blind);
  for (const [key, value] of Object.entries(seen)) assertEquals(blind[key], value, key);
});

Deno.test("kernels: products of DeepGEMM and Vidur, in the figures that they print", () => {
  const row = rows.find(({ id }) => id === "deepgemm-2502-dense-128x2112x7168")!;
  const said = kernelFigures(row) as Record<string, number>;
  const seconds = said.derived_time_us * 1e-6;
  assertAlmostEquals(said.tflops * 1e12 * seconds / (2 * 128 * 2112 * 7168), 1, 1e-9);
  // The printed bandwidth and time give the bytes that are counted, to the digits printed.
  const printed = row.result as Record<string, number>;
  assertAlmostEquals(
    said.mem_bw_GBps * said.derived_time_us / (printed.mem_bw_GBps * printed.derived_time_us),
    1,
    0.005,
  );
  const vidur = rows.find(({ id }) => id.startsWith("vidur-mlp-h100"))!;
  const parts = kernelFigures(vidur) as Record<string, number>;
  assertEquals(Object.keys(parts).sort(), Object.keys(vidur.result).sort());
  assert(Object.values(parts).every((value) => value > 0));
});

Deno.test("what runs out of memory says so in the row's own word", () => {
  const ended = rows.filter(({ result }) => result.outcome === "OOM Error");
  const right = ended.filter(({ id }) => figures(byId.get(id)).outcome === "OOM Error");
  assert(right.length / ended.length > 0.85, `${right.length} of ${ended.length}`);
});

Deno.test("a row that lacks what a prediction needs is unsupported, with the reason", () => {
  const read = (row: object) =>
    predictRow(readRows(JSON.stringify([row]), "f.json")[0], nearestStack);
  const bare = { id: "a", category: "train_dense", hardware: { gpu: "H100", n_gpus: 8 } };
  const p = read(bare);
  assert("unsupported" in p && /not printed/.test(p.unsupported), JSON.stringify(p));
  const odd = read({ ...bare, category: "weather" });
  assert("unsupported" in odd && /category "weather"/.test(odd.unsupported));
  const step = rows.find(({ id }) => id === "mb-26.04-kimi_k2-gb300-mxfp8-164")!;
  const wrong = read({ ...step, plan: { ...step.plan, pp: 1.5, tp: "2->1" } });
  assert("unsupported" in wrong);
  assertEquals(
    wrong.unsupported.split(": ")[1],
    'at /plan/tp expected number but found "2->1"; at /plan/pp expected int but found 1.5',
  );
  assertEquals(read({ ...step, plan: { ...step.plan, etp: null } }), byId.get(step.id));
  const foreign = { ...rows.find(({ id }) => id.startsWith("vtrain"))!, extra: { anything: [1] } };
  assert("predicted" in read(foreign));
});

Deno.test("a fault of the program is no reason of a row: it surfaces", () => {
  const step = rows.find(({ category }) => category === "train_dense")!;
  for (const Fault of [TypeError, RangeError]) {
    const broken = () => {
      throw new Fault("nobody expected this");
    };
    assertThrows(() => predictRow(step, broken), Fault, "nobody expected this");
  }
  const said = predictRow(step, () => {
    throw new UserError("no such stack");
  });
  assertEquals(said, { id: step.id, unsupported: "no such stack" });
});

Deno.test("files: an array or a row a line, without ids twice", () => {
  const row = (id: string) => ({ id, category: "comm", hardware: { gpu: "H100" } });
  const two = [row("a"), row("b")];
  const ids = (text: string) => readRows(text, "f.json").map(({ id }) => id);
  assertEquals(ids(JSON.stringify(two)), ["a", "b"]);
  assertEquals(ids(two.map((r) => JSON.stringify(r)).join("\n")), ["a", "b"]);
  assertThrows(
    () => ids(JSON.stringify([row("a"), row("a")])),
    UserError,
    'row "a" is there twice',
  );
  assertThrows(() => ids("[{"), UserError, "it is not JSON");
  assertThrows(() => ids('[{"id": 7}]'), UserError, "Cannot read f.json, row 1: at /id");
});

Deno.test("predictions are written a row a line, digits cut, the same each time", () => {
  const text = formatPredictions(predictions);
  assertEquals(JSON.parse(text), predictions);
  assertEquals(text.split("\n").length, rows.length + 3);
  assertEquals(formatPredictions(rows.map((row) => predictRow(row, nearestStack))), text);
});

Deno.test("a stack that is not there is a version of its own name, else the base", () => {
  const stack = (id: string) => ({ ...baseStack, id });
  const known = Object.fromEntries(
    ["base", "a-b-1.0", "a-b-2.0", "a-c"].map((id) => [id, stack(id)]),
  );
  const found = (id: string) => nearestStack(id, known).id;
  assertEquals(["a-b-1.0", "a-b-3.0", "a-b-1.5", "a-b-0.1", "a-d", "a", "z"].map(found), [
    "a-b-1.0",
    "a-b-2.0",
    "a-b-1.0",
    "a-b-1.0",
    ...["base", "base", "base"],
  ]);
});
