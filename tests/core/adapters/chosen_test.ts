/** Adapters that compute for those tokens alone that chose them give what all of them give. */
import { assert, assertEquals, assertLess } from "@std/assert";
import { adapterCompute } from "../../../core/adapters/kinds.ts";
import type { AdaptedModel } from "../../../core/adapters/places.ts";
import { adapterProgram, adapterStages } from "../../../core/adapters/program.ts";
import { adapterById, adapterControls, adapterRecipes } from "../../../core/adapters/recipes.ts";
import { deviceArrays, lossGradient } from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { countProgram } from "../../../core/experts/layer_program.ts";
import { createTape } from "../../../core/nn/tape.ts";
import type { ExpertCompute } from "../../../core/programs/chosen_experts.ts";
import { hostValues, programOnHost } from "../../../core/programs/host_program.ts";
import { createProgramMemory } from "../../../core/programs/program_memory.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { download, type Pool } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { withDevice } from "../../kernels/compare.ts";
import { adaptedBy, apart, drawnValues, recipeOf, smallBatch } from "./small_base.ts";

const all = [...adapterControls, ...adapterRecipes];
const ways: readonly ExpertCompute[] = ["all", "chosen"];

/** Whether a program sorts tokens by expert. */
const groups = (adapted: AdaptedModel, stage?: "given" | "mixed") =>
  countProgram(adapterProgram(adapted, { stage })).forward
    .some(({ kind }) => kind === "group_tokens");

/** The loss on the host in training, with numbers in all that begins as zeros. */
function lossOf(adapted: AdaptedModel, stage: "given" | "mixed"): number {
  const program = adapterProgram(adapted, { stage });
  const { w, state } = hostValues(program, { seed: 1 });
  for (const [name, data] of Object.entries(drawnValues(adapted))) {
    w[name] = hostMatrix(w[name].shape, data);
  }
  const run = { w, state, batch: smallBatch(), training: true };
  return programOnHost(hostArrays({ seed: 1 }), program, run).loss.data[0];
}

Deno.test("in 64 bits every work loses the same, whichever experts compute", () => {
  const grouped = [];
  for (const recipe of all) {
    for (const stage of adapterStages(recipe)) {
      const [every, chosen] = ways.map((compute) =>
        lossOf({ ...adaptedBy(recipe), compute }, stage)
      );
      assertLess(Math.abs(every - chosen), 1e-10, `${recipe.id} ${stage}`);
      if (groups({ ...adaptedBy(recipe), compute: "chosen" }, stage)) grouped.push(recipe.id);
      assert(!groups({ ...adaptedBy(recipe), compute: "all" }, stage), recipe.id);
    }
  }
  // Those whose gates choose, or whose experts are trained by domain beforehand.
  for (const id of ["sira", "mocle", "meteora", "llava-mole", "mola", "moelora"]) {
    assert(grouped.includes(id), `${id} is not among ${grouped}`);
  }
});

Deno.test("where nothing is said many experts compute as chosen, few all together", () => {
  assertEquals(
    [[4, 1], [8, 1], [8, 2], [16, 2], [32, 2]].map(([experts, topK]) =>
      adapterCompute({ experts, topK })
    ),
    ["all", "chosen", "all", "chosen", "chosen"],
  );
  const lora = { kind: "lora", rank: 2, alpha: 2 } as const;
  const of = (experts: number) =>
    groups(adaptedBy(recipeOf({ adapter: lora, experts, gate: "llava-mole" })));
  assertEquals([of(4), of(16)], [false, true]);
});

/** Loss and gradients on the device. */
async function onDevice(pool: Pool, adapted: AdaptedModel): Promise<Map<string, Float32Array>> {
  const { device } = pool;
  const program = adapterProgram(adapted);
  const frozen = (name: string) => name.startsWith("base.");
  const memory = createProgramMemory(pool, program, {
    ...{ seed: 1, values: drawnValues(adapted), frozen },
  });
  memory.write(smallBatch());
  const constants = createConstants(device);
  const recorder = createRecorder(pool);
  const tape = createTape(recorder);
  const g = deviceArrays(tape, { kernels: guessedKernels(device), seed: 1, constants });
  tape.backward(program.loss(g, memory.run(true)).loss, lossGradient(tape));
  const moved = Object.entries(memory.parameters).filter(([, { variable }]) => variable.grad);
  recorder.submit();
  const tensors = moved.map(([, { variable }]) => variable.grad!);
  const values = await download(device, tensors);
  pool.release(...tensors);
  memory.release();
  constants.close();
  assertEquals(pool.bytes().live, 0, "memory is given back");
  return new Map(moved.map(([name], i) => [name, values[i] as Float32Array]));
}

Deno.test(
  "gradients of both ways differ by less than 1e-5 of the largest",
  withDevice(async (pool) => {
    for (const id of ["sira", "mocle", "meteora"]) {
      const adapted = adaptedBy(adapterById(id));
      const [every, chosen] = [
        await onDevice(pool, { ...adapted, compute: "all" }),
        await onDevice(pool, { ...adapted, compute: "chosen" }),
      ];
      assertEquals([...chosen.keys()], [...every.keys()]);
      assert(every.size > 3, id);
      for (const [name, wanted] of every) {
        const most = wanted.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-3);
        assertLess(apart(chosen.get(name)!, wanted), 1e-5 * most, `${id} ${name}`);
      }
    }
  }),
);
