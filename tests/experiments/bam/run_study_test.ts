/** A tiny study on the device: stopped and gone on with, it is the unbroken one. */
import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { studyCorpus } from "../../../experiments/bam/domains.ts";
import type { ModelFigures } from "../../../experiments/bam/figures.ts";
import { studyMemory } from "../../../experiments/bam/memory.ts";
import { planStudy, type StudyTraining } from "../../../experiments/bam/plan.ts";
import { studyRows } from "../../../experiments/bam/rows.ts";
import { runStudy } from "../../../experiments/bam/run_study.ts";
import { type Device, openDevice } from "../../../kernels/mod.ts";

const corpus = await studyCorpus({ text: ["synthetic"], texts: "." });
const steps = { seed: 6, branch: 4, mix: 4 };
const wanted = ["seed", "dense-1", "dense-2", "dense-3", "btx-4", "bam-expert-kv"];
const all = await planStudy({
  sizes: [{
    ...{ size: "small", numbers: { layers: 1, dModel: 32 } },
    phases: { steps, rate: 1e-2, mixRate: 1 },
  }],
  rows: studyRows.filter(({ id, budget }) => wanted.includes(id) && budget !== "compute"),
  ...{ seeds: [1], corpus, stray: 0.1, sequences: 4, length: 32, device: "any" },
});
const examination = { batches: 2, cloze: 4, exact: 4 };

/** Runs the study in a folder; stops it after so many steps of progress, where told to. */
async function run(
  device: Device,
  folder: string,
  { plan, stopAfter }: { plan: readonly StudyTraining[]; stopAfter?: number },
) {
  const controller = new AbortController();
  const lines: string[] = [];
  let [made, total] = [0, 0];
  const step = () => ++made === stopAfter && controller.abort(new Error("stop"));
  const models = await runStudy(plan, {
    ...{ device, corpus, examination, memory: studyMemory(folder, examination) },
    progress: { start: (n) => total = n, step, stop: () => {} },
    ...{ signal: controller.signal, log: (line) => lines.push(line) },
  });
  return { models, lines, made, total };
}

const untimed = (models: readonly ModelFigures[]) =>
  models.map(({ stepSeconds: _, ...rest }) => rest);

const filesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("a study that is stopped goes on where it was, and gives the same figures", async (t) => {
  await Deno.mkdir(".moelab", { recursive: true });
  const folder = await Deno.makeTempDir({ dir: ".moelab", prefix: "bam-" });
  const device = await openDevice();
  try {
    const whole = await run(device, `${folder}/whole`, { plan: all });
    await t.step("all is trained, and only what others need is kept", async () => {
      assertEquals(whole.models.map(({ row }) => row), wanted);
      assertEquals([whole.made, whole.total], [26, 26]);
      const weights = filesIn(`${folder}/whole`).filter((name) => name.endsWith(".safetensors"));
      assertEquals(weights.length, 4);
      const again = await run(device, `${folder}/whole`, { plan: all });
      assertEquals([again.models, again.made], [whole.models, 0]);
      assertEquals(again.lines, ["6 of 6 trainings are already done"]);
      await studyMemory(`${folder}/whole`, examination).forget(all);
      assertEquals(filesIn(`${folder}/whole`), []);
    });
    await t.step("stopped within the seed and within a branch", async () => {
      const pieces = `${folder}/pieces`;
      const plan = all.slice(0, 2);
      for (const stopAfter of [3, 6]) {
        await assertRejects(() => run(device, pieces, { plan, stopAfter }), Error, "stop");
      }
      const rest = await run(device, pieces, { plan });
      assertEquals(rest.lines, ["1 of 2 trainings are already done"]);
      assertEquals(untimed(rest.models), untimed(whole.models.slice(0, 2)));
    });
    await t.step("figures are what they say", () => {
      for (const one of whole.models) {
        assertEquals(one.domains.map(({ name }) => name), corpus.domains);
        for (const { loss, sequences, floor, tokens } of one.domains) {
          assertEquals([sequences.length, tokens], [8, 256]);
          assertAlmostEquals(loss, sequences.reduce((a, b) => a + b) / 8, 1e-6);
          assert(floor! > 0 && floor! < loss);
        }
        assertEquals(one.tasks.map(({ kind }) => kind).slice(0, 2), ["cloze", "exact"]);
        assertEquals(one.tasks.length, 8);
        assertEquals(one.tokens, one.steps * 4 * 32);
        assert(one.stepSeconds > 0 && one.bytes > 4 * one.parameters.total);
        assertEquals(one.shares?.map((by) => by.length), one.budget && [4, 4, 4, 4]);
        for (const by of one.shares ?? []) assertAlmostEquals(by.reduce((a, b) => a + b), 1, 1e-6);
      }
      // Models of a seed see the same text, and each branch is another model.
      const losses = whole.models.map(({ domains }) => domains[0].loss);
      assertEquals(new Set(losses).size, 6);
    });
  } finally {
    device.close();
    await Deno.remove(folder, { recursive: true });
  }
});
