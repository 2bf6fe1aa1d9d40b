/** The routing experiment from the command line: of a mixture trained here, and of a folder. */
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../../experiments/cli.ts";
import { readRouting } from "../../../experiments/simulate/simulation.ts";
import { modelPreset } from "../../../core/spec/mod.ts";
import { sizesOf } from "../../../sim/cost/sizes_of.ts";
import type { Result } from "../../../reports/result.ts";
import { planFor } from "../../../experiments/checkpoints/routing/trace_cost.ts";
import { filesIn, inFolder, makeWorld } from "../world.ts";
import { writeRelease } from "./release.ts";

/** Runs the experiment into a folder. */
async function route(out: string, set: Record<string, string | number>) {
  const world = makeWorld();
  const told = Object.entries(set).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const code = await main(["experiment", "routing", "--out", out, ...told], world.io);
  return { code, ...world };
}

const read = (folder: string): Result => JSON.parse(Deno.readTextFileSync(`${folder}/result.json`));

const small = { sequences: 8, length: 64, draws: 100 };

Deno.test("a mixture that is trained here is found to know the domains it was trained on", () =>
  inFolder(async (folder) => {
    const { code, said } = await route(folder, { ...small, steps: 40 });
    assertEquals(code, 0, said.join("\n"));
    const { verdict, checks, rows, heatmaps, lines, cards, sections } = read(folder);
    assertMatch(verdict, /^Yes: experts tell the domains of the text apart .* in 2 of 2 layers/);
    const [readBack, exchange] = checks;
    assertEquals([checks.length, readBack.value], [2, 0], "the trainer's very logits");
    assert(exchange.passed && exchange.value < 1, "bytes of the all-to-all are those counted");
    const layers = rows.filter(({ table }) => table === "layers");
    assertEquals(layers.length, 2);
    for (const { metrics } of layers) {
      const { domainBits, chanceBits, equalTokensFraction, anyTokensFraction } = metrics;
      assert(domainBits.lo > chanceBits.hi, `${domainBits.lo} over ${chanceBits.hi}`);
      assert(equalTokensFraction.lo > anyTokensFraction.hi);
      const { routerBits, routerEntropyFraction, equalBits } = metrics;
      assertAlmostEquals(routerBits.value / equalBits.value, routerEntropyFraction.value, 1e-12);
      // Trained for 40 steps a router knows something, and leaves more than one of its 8 open.
      assert(equalBits.value === 3 && routerBits.hi < 3 && routerBits.lo > 0.1);
    }
    assertEquals(heatmaps!.map(({ id }) => id), ["load", "domains-of-experts", "pairs-of-experts"]);
    for (const row of heatmaps![0].values) {
      assertAlmostEquals(row.reduce<number>((sum, x) => sum + x!, 0), 8, 1e-9);
    }
    assertEquals(lines!.map(({ id, series }) => [id, series.length]), [["drift", 2]]);
    assertEquals([cards![0].figures.length, sections![0]], [4, "found"]);
    const files = filesIn(folder);
    for (const file of ["made-here/config.json", "made-here/model.safetensors", "report.html"]) {
      assert(files.includes(file), file);
    }
    const trace = JSON.parse(Deno.readTextFileSync(`${folder}/traces/made-here.json`));
    assertEquals(trace.tokens, 4 * 8 * 64);
    const counted = trace.counts_LE.flat().reduce((a: number, b: number) => a + b, 0);
    assertEquals(counted, 2 * 2 * trace.tokens);
    const sizes = sizesOf(modelPreset("mixtral-8x7b"), {});
    const law = readRouting(trace, "trace", sizes);
    assertEquals(law.kind === "trace" && law.share_LE.length, 2);
    const clusters = rows.filter(({ table }) => table === "clusters");
    assertEquals(clusters.map(({ labels }) => labels.routing), ["balanced", "made-here"]);
    assert(clusters[1].metrics.longerFraction.value > 0);
  }));

Deno.test("a folder is studied over text files, each a domain, and again with another storage", () =>
  inFolder(async (folder) => {
    const model = `${folder}/model`;
    await writeRelease(model, "deepseek", { shards: 2 });
    const words = (from: number) =>
      Array.from({ length: 700 }, (_, i) => `w${from + i * i % 23}`).join(" ");
    for (const [name, from] of [["first", 1], ["second", 60]] as const) {
      await Deno.writeTextFile(`${folder}/${name}.txt`, words(from));
    }
    const text = `${folder}/first.txt,${folder}/second.txt`;
    const { code, said } = await route(`${folder}/out`, { ...small, model, text, storage: "int8" });
    assertEquals(code, 0, said.join("\n"));
    const { verdict, rows, cards, checks } = read(`${folder}/out`);
    // Texts of other words go to other experts, even of a model that nobody trained.
    assertMatch(verdict, /^Yes/);
    const domains = rows.filter(({ table }) => table === "domains");
    assertEquals(domains.map(({ labels }) => labels.domain), ["first", "second"]);
    assertEquals(domains.map(({ metrics }) => metrics.sequencesCount.value), [8, 8]);
    assertEquals(checks.map(({ passed }) => passed), [true]);
    const settings = Object.fromEntries(
      cards![0].settings.map(({ label, value }) => [label, value]),
    );
    assertEquals([settings.tokens, settings.weights], ["tokenizer.json", "int8"]);
  }));

Deno.test("what cannot be studied is said in a line", () =>
  inFolder(async (folder) => {
    const refused = async (set: Record<string, string | number>, wanted: RegExp) => {
      const { code, said } = await route(`${folder}/out`, { ...small, steps: 1, ...set });
      assertEquals(code, 2);
      assertMatch(said.at(-1)!, wanted);
    };
    await refused({ model: `${folder}/none` }, /^error: Cannot read .*none: found nothing there/);
    await refused({ length: 0 }, /length=0: wanted a whole number from 1/);
    await refused({ storage: "f64" }, /Unknown storage of weights "f64"/);
    await writeRelease(`${folder}/dense`, "llama");
    await Deno.writeTextFile(`${folder}/text`, "w1 w2 w3 ".repeat(40));
    const dense = { model: `${folder}/dense`, text: `${folder}/text` };
    await refused(dense, /Cannot study the routing of dense: found no layer with experts/);
    await refused({ ...dense, length: 500 }, /sequences of 500 tokens from .*: found 120 tokens/);
    await Deno.writeFile(`${folder}/bytes`, Uint8Array.of(1, 0, 2));
    await refused({ ...dense, text: `${folder}/bytes` }, /found a byte of 0, wanted a text/);
  }));

Deno.test("a plan shares experts over as many ranks as divide them, 8 at most", () => {
  assertEquals([64, 60, 8, 6, 7, 11].map(planFor), [
    ...["ep=8,zero=1", "ep=6,zero=1", "ep=8,zero=1", "ep=6,zero=1", "ep=7,zero=1", "ep=1,zero=1"],
  ]);
});
