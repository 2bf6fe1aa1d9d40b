/** Kinds that skip experts: values and gradients are those of all experts, and fewer are computed. */
import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { deviceArrays, lossGradient } from "../../../core/arrays/device_arrays.ts";
import { createConstants } from "../../../core/arrays/device_constants.ts";
import { countProgram, expertLayerProgram } from "../../../core/experts/layer_program.ts";
import { shapesOf } from "../../../core/experts/layer.ts";
import { expertRecipeById, expertRecipes } from "../../../core/experts/recipes.ts";
import { expertFlops, skipsExperts } from "../../../core/experts/table.ts";
import { createTape } from "../../../core/nn/tape.ts";
import type { ExpertCompute } from "../../../core/programs/chosen_experts.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import { createProgramMemory } from "../../../core/programs/program_memory.ts";
import { flops } from "../../../kernels/base/op.ts";
import { createRecorder } from "../../../kernels/recorder.ts";
import { copyTensor } from "../../../kernels/map/recipes.ts";
import { download, type Pool } from "../../../kernels/tensor.ts";
import { guessedKernels } from "../../../kernels/tune.ts";
import { withDevice } from "../../kernels/compare.ts";

const shape = {
  ...{ dModel: 12, experts: 8, topK: 2, width: 12, tokens: 36, length: 36, imageRows: 6 },
  ...{ vocabulary: 4, tags: 2, layer: 0, layers: 1 },
};
const batch = {
  tokens: Array.from({ length: 36 }, (_, t) => t % 4),
  tags: Array.from({ length: 36 }, (_, t) => t % 2),
};
const skipping = expertRecipes.filter(skipsExperts);

/** What a layer gives, and its gradients by name. */
async function onDevice(pool: Pool, id: string, compute: ExpertCompute) {
  const { device } = pool;
  const program = expertLayerProgram(expertRecipeById(id), shape, { compute });
  const memory = createProgramMemory(pool, program, { seed: 3 });
  memory.write(batch);
  const constants = createConstants(device);
  const recorder = createRecorder(pool);
  const tape = createTape(recorder);
  const g = deviceArrays(tape, { kernels: guessedKernels(device), seed: 1, constants });
  const { loss, figures } = program.loss(g, memory.run(true));
  const y = copyTensor(recorder, figures!.y.value);
  tape.backward(loss, lossGradient(tape));
  const moved = Object.entries(memory.parameters).filter(([, { variable }]) => variable.grad);
  recorder.submit();
  const tensors = [y, ...moved.map(([, { variable }]) => variable.grad!)];
  const values = await download(device, tensors);
  pool.release(...tensors);
  memory.release();
  constants.close();
  assertEquals(pool.bytes().live, 0, `${id}: memory is given back`);
  return Object.fromEntries(
    ["y", ...moved.map(([name]) => name)].map((name, i) =>
      [name, values[i] as Float32Array] as const
    ),
  );
}

Deno.test(
  "chosen experts give what all give, and the same gradients, within 1e-5",
  withDevice(async (pool) => {
    assert(skipping.length > 10, `${skipping.length} kinds skip experts`);
    for (const { id } of skipping) {
      const all = await onDevice(pool, id, "all");
      const chosen = await onDevice(pool, id, "chosen");
      assertEquals(Object.keys(chosen), Object.keys(all), id);
      for (const [name, values] of Object.entries(chosen)) {
        const most = all[name].reduce((m, v) => Math.max(m, Math.abs(v)), 0);
        const off = values.reduce((m, v, i) => Math.max(m, Math.abs(v - all[name][i])), 0);
        assertLessOrEqual(off, 1e-5 * most, `${id} ${name}`);
      }
    }
  }),
);

Deno.test("in 64 bits chosen experts give what all give", () => {
  for (const recipe of skipping) {
    const [all, chosen] = (["all", "chosen"] as const).map((compute) =>
      runProgramOnHost(expertLayerProgram(recipe, shape, { compute }), { seed: 3, batch }).figures!
        .y.data
    );
    chosen.forEach((v, i) => assertAlmostEquals(v, all[i], 1e-12, recipe.id));
  }
});

Deno.test("chosen experts are counted by the formula: K of E, forward and twice backward", () => {
  const products = (ops: ReturnType<typeof countProgram>["forward"]) =>
    ops.filter(({ kind }) => kind.includes("gemm")).reduce((sum, op) => sum + flops(op), 0);
  const router = 2 * 12 * 8;
  for (const id of ["ffn-relu", "ffn-swiglu", "experts-residual", "experts-shortcut"]) {
    const recipe = expertRecipeById(id);
    const program = expertLayerProgram(recipe, shape, { compute: "chosen" });
    const { forward, backward } = countProgram(program);
    const { experts, gate } = shapesOf(recipe, shape);
    const passes = recipe.gate.select.kind === "top-k" ? recipe.gate.select.k : gate.topK;
    assertEquals(products(forward), 36 * (expertFlops(recipe, experts, passes) + router), id);
    assertEquals(products(backward), 2 * products(forward), id);
    assertEquals(forward.filter(({ kind }) => kind === "group_tokens").length, 1, id);
  }
});
