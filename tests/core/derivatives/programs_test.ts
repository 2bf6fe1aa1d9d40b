/** What each derivative changes of a decoder, on the host. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { depthsProgram } from "../../../core/derivatives/depths.ts";
import {
  grownValues,
  isOld,
  lifelongProgram,
  seedProgram,
} from "../../../core/derivatives/lifelong.ts";
import { promptsProgram } from "../../../core/derivatives/prompts.ts";
import { sharedDepthProgram } from "../../../core/derivatives/shared_depth.ts";
import { universalProgram } from "../../../core/derivatives/universal.ts";
import { hostValues, runProgramOnHost } from "../../../core/programs/host_program.ts";
import type { ProgramValues } from "../../../core/programs/program.ts";
import { ruleBatch, small } from "../programs/small_decoder.ts";

const batch = ruleBatch(4);

const countOf = (parameters: Readonly<Record<string, { shape: readonly number[] }>>) =>
  Object.values(parameters).reduce((sum, { shape }) => sum + shape[0] * shape[1], 0);

/** First values of a program, as the device begins with them. */
const firstOf = (program: ReturnType<typeof seedProgram>, seed: number) =>
  Object.fromEntries(
    Object.entries(hostValues(program, { seed }).w)
      .map(([name, { data }]) => [name, Float32Array.from(data)]),
  );

Deno.test("a shared block of six depths has only norms more than one of two", () => {
  const [two, six] = [2, 6].map((layers) =>
    countOf(sharedDepthProgram({ ...small, layers }).parameters)
  );
  assertEquals(six - two, 4 * 2 * small.dModel);
});

Deno.test("depths of a shared block differ: more of them give another prediction", () => {
  const [one, two] = [1, 2].map((layers) =>
    runProgramOnHost(sharedDepthProgram({ ...small, layers }), { seed: 1, batch }).loss.data[0]
  );
  assert(Math.abs(one - two) > 1e-6);
});

Deno.test("tokens that halt at once are left alone by later depths", () => {
  const sizes = { ...small, layers: 3 };
  const program = universalProgram(sizes);
  const at = (bias: number) =>
    runProgramOnHost(program, {
      ...{ seed: 1, batch },
      values: {
        "halt.weight": new Float32Array(small.dModel),
        "halt.bias": [bias],
      },
    }).figures!;
  const [never, always] = [at(-40), at(40)];
  assert(never.depth.data.every((depth) => Math.abs(depth - 3) < 1e-9));
  assert(never.work.data.every((work) => work === 3));
  assert(always.depth.data.every((depth) => Math.abs(depth - 1) < 1e-9));
  assert(always.work.data.every((work) => work === 1));
  // Who halts at the first depth is what one depth alone makes of it.
  const alone = runProgramOnHost(universalProgram({ ...sizes, layers: 1 }), { seed: 1, batch });
  always.each.data.forEach((loss, i) =>
    assertAlmostEquals(loss, alone.figures!.each.data[i], 1e-9)
  );
});

Deno.test("a routed block takes its share of the tokens of a sequence, and no other is moved", () => {
  const program = depthsProgram(small);
  const { figures } = runProgramOnHost(program, { seed: 1, batch, training: true });
  // An eighth of 8 tokens is one of them.
  assertEquals(figures!.through0.data[0], 1 / small.length);
  // A router of zeros takes no token in use: what the block would do is then of no account.
  const shut = { "blocks.1.gate.depth_router": new Float32Array(small.dModel) };
  const without = { ...shut, "blocks.1.ffn.down": new Float32Array(64) };
  const [passed, alone] = [shut, without].map((values) =>
    runProgramOnHost(program, { seed: 1, batch, values })
  );
  assertEquals(passed.figures!.through0.data[0], 0);
  assertEquals(passed.figures!.each.data, alone.figures!.each.data);
  assertThrows(() => depthsProgram({ ...small, layers: 1 }), RangeError, "2 blocks or more");
});

/** -log of the probability of each token id at each place [T, V], by asking for each id in turn. */
function costsOf(program: ReturnType<typeof seedProgram>, options: { values: ProgramValues }) {
  return Array.from({ length: small.vocabulary }, (_, id) => {
    const targets = new Uint32Array(small.sequences * small.length).fill(id);
    const told = { seed: 8, batch: { ...batch, targets }, ...options };
    return runProgramOnHost(program, told).figures!.each.data;
  });
}

Deno.test("a grown model is kept near the model before it, as much as it is told", () => {
  const before = seedProgram(small);
  const first = firstOf(before, 7);
  const values = grownValues(first);
  const [told, free] = [1, 0].map((weight) =>
    runProgramOnHost(lifelongProgram(small, { weight }), { seed: 8, batch, values })
  );
  const apart = told.figures!.apart.data[0];
  assertAlmostEquals(told.loss.data[0] - free.loss.data[0], apart, 1e-9);
  const old_VT = costsOf(before, { values: first });
  const new_VT = costsOf(lifelongProgram(small), { values });
  const tokens = small.sequences * small.length;
  let divergence = 0;
  old_VT.forEach((old_T, v) =>
    old_T.forEach((cost, t) => divergence += Math.exp(-cost) * (new_VT[v][t] - cost) / tokens)
  );
  assert(apart > 1e-3);
  assertAlmostEquals(apart, divergence, 1e-9);
});

Deno.test("what is old is frozen: the teacher, old experts and their columns", () => {
  const names = Object.keys(lifelongProgram(small).parameters);
  const free = names.filter((name) => !isOld(name));
  assert(names.includes("blocks.0.old.gate.router"));
  assert(free.includes("blocks.0.new.gate.router") && free.includes("embedding"));
  assert(free.every((name) => !name.includes("teacher") && !name.includes("old")));
});

Deno.test("one prompt is picked for each sequence, and its tokens are not predicted", () => {
  const program = promptsProgram(small, { promptLength: 3 });
  const { figures } = runProgramOnHost(program, { seed: 2, batch });
  assertEquals(figures!.each.shape, [small.sequences * small.length / 2, 1]);
  const picked = [...figures!.shares.data].filter((share) => share > 0);
  assert(picked.length >= 1 && picked.length <= small.sequences);
  assertEquals(program.parameters.prompts.shape, [small.experts, 3 * small.dModel]);
  const one = runProgramOnHost(promptsProgram(small, { prompts: 1 }), { seed: 2, batch });
  assertAlmostEquals(one.figures!.shares.data[0], 1, 1e-12);
});

Deno.test("another prompt gives another prediction, a frozen model the same values", () => {
  const program = promptsProgram(small, { prompts: 1 });
  const lossAt = (by: number) =>
    runProgramOnHost(program, {
      ...{ seed: 2, batch, values: { prompts: new Float32Array(2 * small.dModel).fill(by) } },
    }).loss.data[0];
  assert(Math.abs(lossAt(0.5) - lossAt(-0.5)) > 1e-6);
});
