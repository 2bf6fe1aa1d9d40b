import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { subjectName, subjectsOf } from "../../../experiments/scaling/subjects.ts";
import { chosenSweeps, sweepIds, sweeps } from "../../../experiments/scaling/sweeps.ts";
import { smallValues } from "./held.ts";

const pointsOf = async (id: string, changes: Parameters<typeof smallValues>[0] = {}) => {
  const [subject] = await subjectsOf(smallValues(changes));
  return sweeps.find((sweep) => sweep.id === id)!.points(subject);
};

Deno.test("sizes double, and batches are held or grow", async () => {
  const asked = async (id: string) =>
    (await pointsOf(id, { largest: [40], perDevice: [1.5] }))
      .map(({ planning }) => [planning.cluster.devices, planning.globalBatch]);
  assertEquals(await asked("strong"), [[8, 128], [16, 128], [32, 128]]);
  assertEquals(await asked("weak"), [[8, 12], [16, 24], [32, 48]]);
});

Deno.test("a network is so many times as fast, and nothing inside a node", async () => {
  const links = (await pointsOf("network")).map(({ planning: { cluster } }) =>
    cluster.tiers.map(({ link }) => link.bandwidthBytesPerSecond)
  );
  const [half, one, two] = links;
  assertEquals(half[0], two[0]);
  assertEquals([half[1], two[1]], [one[1] / 2, one[1] * 2]);
});

Deno.test("formats are those of the device", async () => {
  const labels = async (cluster: string) =>
    (await pointsOf("precision", { clusters: [cluster] })).map(({ label }) => label);
  assertEquals(await labels("a100"), ["bf16"]);
  assertEquals(await labels("h100"), ["bf16", "fp8"]);
});

Deno.test("lists have a value for each model, or one for all", async () => {
  const subjects = await subjectsOf(smallValues({
    models: ["olmoe", "mixtral-8x7b"],
    clusters: ["h100", "a100"],
    smallest: [8, 16],
  }));
  assertEquals(subjects.map(subjectName), ["olmoe on h100", "mixtral-8x7b on a100"]);
  assertEquals(subjects.map(({ devices }) => devices), [[8, 16, 32], [16, 32]]);
});

Deno.test("what cannot be scaled is said in a line", async () => {
  const refused: [Parameters<typeof smallValues>[0], string][] = [
    [{ batch: [1, 2, 3] }, "wanted one for each model, or one for all"],
    [{ smallest: [64] }, "Cannot scale from 64 to 32 devices"],
    [{ smallest: [0.5] }, "Cannot scale from 0.5"],
    [{ factors: [0] }, "Cannot scale by 0"],
    [{ skews: [-1] }, "Cannot scale by -1"],
    [{ at: [2.5] }, "Cannot scale with 2.5"],
    [{ perDevice: [0.3] }, "found a batch of 2.4, wanted a whole number above 0, such as of 0.25"],
    [{ models: ["olmo"] }, 'did you mean "olmoe"'],
    [{ clusters: ["h10"] }, 'did you mean "h100"'],
    [{ hold: "presicion=bf16" }, 'did you mean "precision"'],
  ];
  for (const [changes, says] of refused) {
    await assertRejects(() => subjectsOf(smallValues(changes)), TypeError, says);
  }
  assertThrows(() => chosenSweeps(["strnog"]), TypeError, 'did you mean "strong"');
  assertEquals([...chosenSweeps(["all"])], [...sweepIds]);
});
