/** The table of applications, and what its models have in common. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  applicationById,
  applicationControls,
  applicationRecipes,
  applicationTasks,
  limoeGate,
  modelsOf,
  taskOf,
} from "../../../core/applications/table.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import { UserError } from "../../../kernels/base/errors.ts";

const sizes = { dModel: 8, heads: 2, hidden: 4, experts: 4, samples: 4 };
const at = { seed: 1, step: 0, part: "training" } as const;
const all = [...applicationControls, ...applicationRecipes];

Deno.test("models have a task that there is and are held against one of the same task", () => {
  assertEquals(new Set(all.map(({ id }) => id)).size, all.length);
  assertEquals(applicationTasks.flatMap(({ id }) => modelsOf(id)).length, all.length);
  for (const { id, task, against, section, idea } of all) {
    assertEquals(taskOf({ task }).id, task);
    assertEquals(section, "6");
    assertMatch(idea, /\.$/);
    if (against) assertEquals(applicationById(against).task, task, id);
  }
  for (const { id, against } of applicationRecipes) assert(against, id);
});

Deno.test("an unknown application or task is answered with the nearest", () => {
  assertThrows(() => applicationById("vmoe"), UserError, 'did you mean "v-moe"');
  assertThrows(() => taskOf({ task: "visions" }), UserError, 'did you mean "vision"');
});

Deno.test("every model gives the figures that its task measures", () => {
  for (const recipe of all) {
    const task = taskOf(recipe);
    const batch = task.batch(sizes, at);
    const { figures, loss } = runProgramOnHost(recipe.program(sizes), { seed: 1, batch });
    const read = Object.fromEntries(
      Object.entries(figures!).map(([name, { data }]) => [name, Float32Array.from(data)]),
    );
    const measures = task.measures(read, batch, sizes);
    assert(task.decides.measure in measures, recipe.id);
    assert(Object.values(measures).every(Number.isFinite) && loss.data.length === 1, recipe.id);
  }
});

Deno.test("models of recommendation have equal hidden units before their towers", () => {
  const hidden = modelsOf("recommendation").map((recipe) =>
    Object.entries(recipe.program({ ...sizes, experts: 8 }).parameters)
      .filter(([name]) => name.endsWith(".up") && !name.startsWith("tower"))
      .reduce((sum, [, { shape }]) => sum + shape[1], 0)
  );
  assertEquals(hidden, [32, 32, 32, 32]);
});

Deno.test("a task's own network is its own: the other task's rating is nothing to it", () => {
  const program = applicationById("single-task").program(sizes);
  const batch = taskOf({ task: "recommendation" }).batch(sizes, at);
  const of = (values: Record<string, Float32Array>) =>
    runProgramOnHost(program, { seed: 1, batch, values }).figures!.errors.data;
  const shape = program.parameters["bottom1.up"].shape;
  const [one, other] = [of({}), of({ "bottom1.up": new Float32Array(shape[0] * shape[1]) })];
  one.forEach((error, i) => assertEquals(error === other[i], i % 2 === 0, `${i}`));
});

Deno.test("a picture costs what its caption lacks in likeness against the other captions", () => {
  const program = applicationById("limoe").program(sizes);
  const batch = taskOf({ task: "multimodal" }).batch(sizes, at);
  const { similarity, each } = runProgramOnHost(program, { seed: 1, batch }).figures!;
  const [samples] = similarity.shape;
  const scale = Math.exp(Math.fround(2.3));
  const costs = Array.from({ length: samples }, (_, s) => {
    const row = Array.from({ length: samples }, (_, c) => similarity.data[s * samples + c] * scale);
    return Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[s];
  });
  costs.forEach((cost, s) => assertAlmostEquals(cost, each.data[2 * s], 1e-9));
  assert(similarity.data.every((cosine) => Math.abs(cosine) <= 1 + 1e-12));
});

Deno.test("LIMoE differs from one tower in its balance alone: both entropies", () => {
  const [one, limoe] = ["one-tower", "limoe"].map((id) => applicationById(id).program(sizes));
  assertEquals(limoe.parameters, one.parameters);
  assertEquals(limoeGate.balance.map(({ kind }) => kind), ["local-entropy", "global-entropy"]);
  const batch = taskOf({ task: "multimodal" }).batch(sizes, at);
  const [a, b] = [one, limoe].map((program) => runProgramOnHost(program, { seed: 1, batch }));
  assertEquals(a.figures!.similarity.data, b.figures!.similarity.data);
  assert(a.loss.data[0] !== b.loss.data[0]);
});
