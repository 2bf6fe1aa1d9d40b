import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../../experiments/cli.ts";
import {
  calibrateStack,
  type MovedParameter,
} from "../../../experiments/simulate/calibrate/calibrate_stack.ts";
import { readMeasurements } from "../../../experiments/simulate/calibrate/measurements.ts";
import { readStackOf } from "../../../experiments/simulate/stacks.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import type { Stack } from "../../../sim/stack/stack.ts";
import { inFolder, makeWorld } from "../world.ts";

/** Runs that somebody could have measured, without their times. */
const runs = [
  { model: "llama-2-7b", cluster: "a100:8", plan: "gb=64" },
  { model: "llama-2-7b", cluster: "a100:8", plan: "tp=2,gb=64" },
  { model: "llama-2-7b", cluster: "a100:16", plan: "tp=2,pp=2,gb=128,recompute=full" },
  { model: "llama-2-7b", cluster: "a100:16", plan: "tp=4,gb=128", sequence: 1024 },
  { model: "llama-2-13b", cluster: "a100:32", plan: "tp=2,pp=2,gb=256" },
];

/** The seconds that runs take with a stack. */
async function secondsOf(stack: Stack): Promise<number[]> {
  const { rows } = await readMeasurements(runs.map((run) => ({ ...run, stepSeconds: 1 })), {
    file: "runs.json",
    stack,
  });
  return rows.map(({ predict }) => predict(stack));
}

const truth: Stack = { ...baseStack, productFactor: 0.8, hostSeconds: 3e-5 };
const seconds = await secondsOf(truth);
const measured = runs.map((run, i) => ({ ...run, stepSeconds: seconds[i] }));

Deno.test("a stack is found again from the steps that it made", async () => {
  const start = { ...baseStack, id: "own" };
  const { rows } = await readMeasurements(measured, { file: "m.json", stack: start });
  const fit = calibrateStack(rows, start);
  const worst = (logs: readonly number[]) => Math.max(...logs.map(Math.abs));
  assert(worst(fit.before) > 0.15, `${fit.before}`);
  assert(worst(fit.after) < 0.03, `${fit.after}`);
  assert(worst(fit.leftOut) < worst(fit.before) / 2, `${fit.leftOut}`);
  const of = (name: string) => fit.moved.find((p) => p.name === name) as MovedParameter;
  assertAlmostEquals(of("productFactor").after, 0.8, 0.06);
  assert(of("productFactor").informedFraction > 0.5);
  // No run has experts: what is known of them stays as it was.
  const idle = of("expertBandwidth");
  assertAlmostEquals(idle.after / idle.before, 1, 1e-3);
  assert(idle.informedFraction < 0.01);
});

Deno.test("rows of published form are taken, those that cannot be described are named", async () => {
  const long = {
    id: "mine",
    category: "train_dense",
    source: { ref: "own" },
    workload: {
      ...{ model: "Llama 2 7B", layers: 32, hidden: 4096, ffn: 11008, heads: 32, kv_heads: 32 },
      ...{ vocab: 32000, seq_len: 4096, gbs: 64, mbs: 1, precision: "BF16" },
    },
    hardware: { gpu: "A100-80GB", n_gpus: 8 },
    plan: { tp: 1, pp: 1 },
    result: { step_time_s: 10 },
  };
  const silent = { ...long, id: "silent", result: {} };
  const { rows, unsupported } = await readMeasurements([long, silent], {
    file: "m.json",
    stack: { ...baseStack, id: "own" },
  });
  assertEquals(rows.map(({ id, seconds, architecture }) => [id, seconds, architecture]), [
    ["mine", 10, "ampere"],
  ]);
  assertEquals(unsupported, [
    { id: "silent", reason: "it prints no time of a step and no rate" },
  ]);
});

Deno.test("calibrate writes a stack that simulate reads, and says what it learned", () =>
  inFolder(async (folder) => {
    const [from, to] = [`${folder}/m.json`, `${folder}/stack.json`];
    Deno.writeTextFileSync(from, JSON.stringify(measured));
    const { io, printed, said } = makeWorld();
    const words = ["calibrate", "--measurements", from, "--out", to, "--id", "ours"];
    assertEquals(await main(words, io), 0, said.join("\n"));
    const text = printed.join("\n");
    assertMatch(text, /error of the steps +median +bias +largest/);
    assertMatch(text, /The rows say nothing of .*expertBandwidth/);
    const stack = await readStackOf(to);
    assertEquals(stack.id, "ours");
    assertEquals(stack.sources, ["Calibrated on 5 measured steps from the stack base."]);
    assertAlmostEquals(stack.productFactor, 0.8, 0.06);
  }));

Deno.test("measurements that cannot be read are one line", () =>
  inFolder(async (folder) => {
    const complaint = async (value: unknown, ...more: string[]) => {
      const path = `${folder}/m.json`;
      Deno.writeTextFileSync(path, JSON.stringify(value));
      const { io, said } = makeWorld();
      const words = ["calibrate", "--measurements", path, "--out", `${folder}/s.json`, ...more];
      assertEquals(await main(words, io), 2);
      assertEquals(said.length, 1);
      return said[0];
    };
    assertMatch(
      await complaint([{ model: "dbrx", cluster: "h100:8", plan: "", stepSeconds: 0 }]),
      /row 1: at \/stepSeconds expected more than 0/,
    );
    assertMatch(await complaint([]), /found no row that can be predicted/);
    assertMatch(await complaint(measured, "--id", "Our Own"), /Cannot name a stack "Our Own"/);
    assertMatch(await complaint(measured, "--from", "bas"), /did you mean "base"/);
  }));
