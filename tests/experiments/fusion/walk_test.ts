/** The experiment walked at a tiny size: experts trained here, and experts in folders. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertRejects } from "@std/assert";
import { silentProgress } from "../../../experiments/cli_progress.ts";
import { valuesOf } from "../../../experiments/define.ts";
import type { FusionFigures } from "../../../experiments/fusion/figures.ts";
import { fusionExperiment } from "../../../experiments/fusion/fusion.ts";
import { inFolder } from "../world.ts";
import { qwen, writeDense } from "../upcycle/small_folders.ts";

const tiny = {
  ...{ layers: 1, dModel: 16, seedSteps: 6, branchSteps: 4, fuserSteps: 6, hidden: 8 },
  ...{ sequences: 4, length: 16, known: 2, heldOut: 4, price: 0.02, prices: [10] },
};

/** Runs it, and gives what it found and wrote. */
async function walk(out: string, changes: Record<string, number | readonly string[]>) {
  const parameters = { ...valuesOf(fusionExperiment, { quick: true }), ...tiny, ...changes };
  const outcome = await fusionExperiment.run({
    ...{ seed: 1, quick: true, parameters, out, log: () => {} },
    ...{ progress: silentProgress(), signal: new AbortController().signal },
  });
  const text = await Deno.readTextFile(`${out}/figures.json`);
  return { outcome, figures: JSON.parse(text) as FusionFigures };
}

const ids = [
  "averaged",
  "even",
  "posterior",
  "foe-classes",
  "foe-choice",
  "foe-weights",
  "foe-told",
]
  .concat("frugal-0.02", "frugal-10", "oracle");

Deno.test("a seed and three branches, fused: every way has its row, and experts stay as they are", () =>
  inFolder(async (folder) => {
    const { outcome, figures } = await walk(folder, {});
    const [{ ways, changed, fusers, floors }] = figures.replicates;
    assertEquals(figures.experts, [
      "seed model",
      ...["reversed", "rotated", "mirrored"].map((d) => `branch of ${d}`),
    ]);
    assertEquals(ways.map(({ id }) => id), [
      "expert-0",
      "expert-1",
      "expert-2",
      "expert-3",
      ...ids,
    ]);
    assertEquals([changed, fusers.length, fusers[0].losses.length, floors!.length], [0, 5, 6, 4]);
    const of = (id: string) => ways.find((way) => way.id === id)!;
    for (const { domains, id } of ways) {
      assertEquals(domains.map(({ length }) => length), [4, 4, 4, 4], id);
      assert(domains.flat().every((loss) => loss > 1 && loss < 20), id);
    }
    // The mean of chances is never worse than the mean of losses (Jensen), sequence by sequence.
    of("even").domains.flat().forEach((loss, i) => {
      const alone = [0, 1, 2, 3].map((e) => of(`expert-${e}`).domains.flat()[i]);
      assertLess(loss, alone.reduce((a, b) => a + b) / 4 + 1e-6);
    });
    assertEquals(of("frugal-10").asked, 1);
    assert(of("frugal-0.02").asked >= 1 && of("frugal-0.02").asked <= 4);
    // At a price that none is worth the first expert answers alone: its losses are some expert's.
    assert(
      [0, 1, 2, 3].some((e) =>
        of("frugal-10").domains.flat().every((loss, i) =>
          Math.abs(loss - of(`expert-${e}`).domains.flat()[i]) < 1e-6
        )
      ),
    );
    const { rows, tables, verdict, checks, lines, heatmaps } = outcome;
    assertEquals([tables.length, rows.length, lines!.length, heatmaps!.length], [1, 15, 1, 1]);
    assert(verdict.startsWith("Undecided with one seed"));
    assertEquals(checks[0].passed, true);
    const even = rows.find(({ labels }) => labels.way === "mean of predictions")!;
    const losses = of("even").domains.flat();
    assertAlmostEquals(even.metrics.loss.value, losses.reduce((a, b) => a + b) / 16, 1e-9);
  }));

Deno.test("models in folders are fused; others than the text's or each other's are refused", () =>
  inFolder(async (folder) => {
    const at = (name: string) => `${folder}/${name}`;
    for (const [seed, name] of ["a", "b"].entries()) await writeDense(at(name), { seed });
    const { figures } = await walk(folder, { models: [at("a"), at("b")] });
    assertEquals(figures.experts, [at("a"), at("b")]);
    const [{ ways, changed }] = figures.replicates;
    assertEquals(ways.map(({ id }) => id), ["expert-0", "expert-1", ...ids]);
    assertEquals(changed, 0);

    await writeDense(at("words"), {
      seed: 1,
      config: { ...qwen, rope_theta: 1e4, vocab_size: 300 },
    });
    await writeDense(at("far"), { seed: 1, config: qwen });
    const refused = (models: readonly string[], message: string) =>
      assertRejects(() => walk(folder, { models }), TypeError, message);
    await refused([at("a"), at("words")], "found a vocabulary of 300, wanted one of 256");
    await refused(
      [at("far"), at("a")],
      `the trainer, which runs that, has {"dim":8,"pairs":"halves","theta":10000} as rope`,
    );
    await refused([at("a")], "or 2 to 6 folders with commas between");
    await refused([at("a"), at("none")], "found nothing there");
    await assertRejects(
      () => walk(folder, { neighbours: 200 }),
      TypeError,
      "at most the 128 tokens",
    );
    await assertRejects(() => walk(folder, { hidden: 0 }), TypeError, "hidden=0: wanted a whole");
  }));
