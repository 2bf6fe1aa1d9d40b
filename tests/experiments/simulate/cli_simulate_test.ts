import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../../experiments/cli.ts";
import type { SimulationReport } from "../../../experiments/simulate/report.ts";
import type { ChromeTrace } from "../../../reports/trace.ts";
import { inFolder, makeWorld } from "../world.ts";

const step = ["simulate", "--model", "mixtral-8x7b", "--cluster", "h100:64"];
const plan = ["--plan", "tp=2,pp=4,ep=8,gb=256"];

/** Runs the command line and gives what it printed, with plain spaces. */
async function printedBy(...words: string[]): Promise<string> {
  const { io, printed, said } = makeWorld();
  assertEquals(await main(words, io), 0, said.join("\n"));
  return printed.join("\n").replaceAll(/[\u00a0\u202f]/g, " ");
}

/** The report of words, as JSON. */
async function reportBy(...words: string[]): Promise<SimulationReport> {
  return JSON.parse(await printedBy(...words, "--json"));
}

/** What the command line says of words that it cannot use. */
async function complaint(...words: string[]): Promise<string> {
  const { io, printed, said } = makeWorld();
  assertEquals([await main(words, io), printed], [2, []], words.join(" "));
  assertEquals(said.length, 1, said.join("\n"));
  return said[0];
}

Deno.test("simulate prints the step, its parts, its memory and what would change it", async () => {
  const text = await printedBy(...step, ...plan);
  assertMatch(text, /^mixtral-8x7b on 64 x h100, 4096 tokens a sequence, base\ntp=2,/);
  assertMatch(text, /^step +\d[\d.]* s \(/m);
  assertMatch(text, /^MFU +\d\d\.\d* % of 989\.4 TFLOP\/s$/m);
  assertMatch(text, /^routed experts .* % {2}assumed from the products of h100$/m);
  assertMatch(text, /^0 \* +\d.* GiB +layer$/m);
  assertMatch(text, /^It fits: /m);
  assertMatch(text, /^peak FLOP\/s, 10 % more .*−\d/m);
  assertMatch(text, /Interval: closed form; .*sources that no fit had seen/);
});

Deno.test("as JSON, parts add up and the interval holds the step", async () => {
  const { step: time, closedSeconds, parts, rates } = await reportBy(...step, ...plan);
  assertAlmostEquals(parts.reduce((sum, { seconds }) => sum + seconds, 0) / closedSeconds, 1, 1e-8);
  assert(time.lo < time.value && time.value < time.hi);
  assertAlmostEquals(rates.tokensPerSecond * time.value, 256 * 4096, 1);
});

Deno.test("a stack that published steps informed has a narrower interval than the base", async () => {
  const width = ({ step: { lo, hi } }: SimulationReport) => hi / lo;
  const base = await reportBy(...step, ...plan);
  const known = await reportBy(...step, ...plan, "--stack", "megatron-core-mpfold");
  assert(width(known) < width(base), `${width(known)} ${width(base)}`);
  assertEquals([base.grades.stack, known.grades.stack], ["assumed", "fitted to step rows"]);
});

Deno.test("--events waits for the fullest expert, the closed form says that it does not", async () => {
  const even = await reportBy(...step, ...plan, "--events");
  const skewed = await reportBy(...step, ...plan, "--events", "--routing", "skew:0.8");
  assert(skewed.events!.stepSeconds > 1.2 * even.events!.stepSeconds);
  assert(skewed.events!.breakdown.imbalance > even.events!.breakdown.imbalance);
  assertEquals(skewed.step.value, skewed.events!.stepSeconds);
  const path = Object.values(even.events!.criticalPath.secondsByName);
  assertAlmostEquals(path.reduce((a, b) => a + b, 0) / even.step.value, 1, 1e-6);
  const closed = await printedBy(...step, ...plan, "--routing", "skew:0.8");
  assertMatch(closed, /Mind: the closed form has every expert equally wanted: --events/);
});

Deno.test("routing that was counted is read from a file", () =>
  inFolder(async (folder) => {
    const file = `${folder}/counts.json`;
    const counts_LE = Array.from({ length: 32 }, () => [700, 100, 50, 50, 40, 30, 20, 10]);
    Deno.writeTextFileSync(file, JSON.stringify({ counts_LE }));
    const words = [...step, ...plan, "--events"];
    const even = await reportBy(...words);
    const traced = await reportBy(...words, "--routing", file);
    assert(traced.events!.stepSeconds > 1.5 * even.events!.stepSeconds);
    Deno.writeTextFileSync(file, JSON.stringify({ counts_LE: [[1, 2]] }));
    assertMatch(await complaint(...words, "--routing", file), /wanted counts_LE, choices of 8/);
  }));

Deno.test("--trace writes spans that do not overlap on a lane", () =>
  inFolder(async (folder) => {
    const file = `${folder}/trace.json`;
    const words = ["--plan", "tp=2,pp=4,ep=8,gb=64"];
    const text = await printedBy(...step, ...words, "--trace", file);
    assertMatch(text, /critical path +seconds +share/);
    const { traceEvents } = JSON.parse(Deno.readTextFileSync(file)) as ChromeTrace;
    const spans = traceEvents.filter(({ ph }) => ph === "X");
    assert(spans.length > 1000);
    for (const lane of Map.groupBy(spans, ({ pid, tid }) => `${pid}/${tid}`).values()) {
      lane.sort((a, b) => a.ts! - b.ts!);
      for (let i = 1; i < lane.length; i++) {
        assert(lane[i].ts! >= lane[i - 1].ts! + lane[i - 1].dur! - 2e-3, lane[i].name);
      }
    }
    const streams = traceEvents.filter(({ name }) => name === "thread_name")
      .map(({ args }) => args.name);
    for (const stream of ["compute", "experts", "tensor", "data"]) assert(streams.includes(stream));
  }));

Deno.test("a slower device and a narrower link make a longer step", async () => {
  const { events } = await reportBy(...step, ...plan, "--events");
  const of = async (cluster: string) => {
    const words = ["simulate", "--model", "mixtral-8x7b", "--cluster", cluster, ...plan];
    return (await reportBy(...words, "--events")).events!.stepSeconds;
  };
  assert(await of("h100:64,slow.3=0.5") > 1.3 * events!.stepSeconds);
  assert(await of("h100:64,nvlink=50GB/s") > 1.05 * events!.stepSeconds);
});

Deno.test("plans: words, presets and files say the same", () =>
  inFolder(async (folder) => {
    const file = `${folder}/plan.json`;
    Deno.writeTextFileSync(file, '{"tp": 2, "pp": 4, "ep": 8, "globalBatch": 256}');
    const words = await reportBy(...step, ...plan);
    assertEquals(await reportBy(...step, "--plan", file), words);
    const preset = await reportBy(
      ...["simulate", "--model", "deepseek-v3", "--cluster", "h800:2048", "--plan", "deepseek-v3"],
    );
    assertMatch(preset.plan, /schedule=dualpipe/);
    assertEquals(preset.memory.stages.length, 16);
  }));

Deno.test("--cases writes a prediction for each row, and nothing where it is stopped", () =>
  inFolder(async (folder) => {
    const [from, to] = [`${folder}/rows.json`, `${folder}/out.json`];
    const row = {
      id: "one",
      category: "comm",
      source: { ref: "microsoft/vidur" },
      workload: { op: "all_reduce", bytes: 2 ** 27 },
      hardware: { gpu: "H100 DGX", n_gpus: 8, gpus_per_node_used: 8 },
      plan: {},
      result: { time_us: 1 },
    };
    Deno.writeTextFileSync(
      from,
      JSON.stringify([row, { ...row, id: "two", category: "inference" }]),
    );
    const text = await printedBy("simulate", "--cases", from, "--out", to);
    assertMatch(text, /^1 of 2 rows are predicted, 1 unsupported\n/);
    const [one, two] = JSON.parse(Deno.readTextFileSync(to));
    // A ring of eight moves 7/4 of the bytes at no more than 450 GB/s.
    assert(one.predicted.time_us > 1e6 * 2 ** 27 * 7 / 4 / 450e9 && one.predicted.time_us < 1500);
    assertMatch(two.unsupported, /category "inference"/);
  }));

Deno.test("--cases that is stopped writes nothing", () =>
  inFolder(async (folder) => {
    const [from, to] = [`${folder}/rows.json`, `${folder}/out.json`];
    const rows = Array.from({ length: 500 }, (_, i) => ({
      id: `row ${i}`,
      category: "inference",
      hardware: { gpu: "H100" },
    }));
    Deno.writeTextFileSync(from, JSON.stringify(rows));
    const { io, interrupt, said } = makeWorld();
    // Pressed at every look at the file and at every pause between rows until somebody listens.
    const presses = setInterval(interrupt, 0);
    const code = await main(["simulate", "--cases", from, "--out", to], io);
    clearInterval(presses);
    assertEquals([code, said], [130, ["Stopped: simulate has written nothing"]]);
    assert(![...Deno.readDirSync(folder)].some(({ name }) => name.startsWith("out.json")));
  }));

Deno.test("what cannot be simulated is one line that says what can", async () => {
  assertMatch(await complaint("simulate"), /without --model and --cluster: wanted such as/);
  assertMatch(await complaint(...step, "--plan", "tp=3"), /nearest that holds: tp=4/);
  assertMatch(await complaint(...step, "--plan", "deepsek-v3"), /did you mean "deepseek-v3"/);
  assertMatch(await complaint(...step, "--stack", "megatron-bridge-26"), /Unknown stack/);
  assertMatch(await complaint(...step, "--routing", "skewed"), /wanted balanced, skew:EXPONENT/);
  assertMatch(await complaint(...step, "--hour-dollars", "x"), /Expected a number from 0/);
  assertMatch(await complaint("simulate", "--cases", "rows.json"), /without --out/);
  assertMatch(
    await complaint("simulate", "--model", "jamba", "--cluster", "h100:8"),
    /found Mamba layers, wanted a decoder of softmax attention/,
  );
  assertMatch(
    await complaint(...step, "--plan", "precision=fp4"),
    /Cannot price fp4 on h100: found no such peak/,
  );
});
