/** Programs on the device: the host's numbers, and what steps move and leave alone. */
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { recipeById } from "../../../core/gates/recipes.ts";
import { decoderProgram } from "../../../core/programs/decoder_program.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import { type ModelProgram, type ProgramOutput } from "../../../core/programs/program.ts";
import { programGradientError } from "../../../core/programs/program_gradient.ts";
import { createProgramTrainer } from "../../../core/programs/program_trainer.ts";
import { runProgram, trainProgram } from "../../../core/programs/train_program.ts";
import { withDevice } from "../../kernels/compare.ts";
import { ruleBatch, small } from "./small_decoder.ts";

const mixed = (id: string) =>
  decoderProgram(small, { experts: { recipe: recipeById(id), count: small.experts }, steps: 50 });

/** A parameter, one that nothing reads, a state and noise. */
const walker: ModelProgram = {
  parameters: {
    at: { shape: [1, 3], init: { value: 1 } },
    unread: { shape: [1, 2], init: "ones" },
  },
  states: { steps: { shape: [1, 1], init: "zeros" } },
  matrices: { to: [1, 3] },
  loss(g, { w, x, state }) {
    const drawn = g.noise("drawn", "uniform", [1, 1]);
    const off = g.map("subtract", w.at, x.to);
    return {
      loss: g.total(g.map("square", off)),
      figures: { drawn, at: w.at },
      states: { steps: g.shift(state.steps, 1) },
    };
  },
};

Deno.test(
  "the device gives the host's loss and figures",
  withDevice(async (_, device) => {
    for (const program of [decoderProgram(small), mixed("switch"), mixed("mixture-of-tokens")]) {
      const batch = ruleBatch(2);
      const found = await runProgram(device, program, { seed: 5, batch });
      const { loss, figures } = runProgramOnHost(program, { seed: 5, batch });
      assertAlmostEquals(found.loss, loss.data[0], 1e-5);
      assertEquals(Object.keys(found.figures), Object.keys(figures!));
      found.figures.each.forEach((v, i) => assertAlmostEquals(v, figures!.each.data[i], 1e-4));
    }
  }),
);

Deno.test(
  "a training repeats bit by bit under its seed, learns, and gives a loss for each step",
  withDevice(async (_, device) => {
    const program = decoderProgram({ ...small, layers: 1 }, {
      experts: { recipe: recipeById("mixtral"), count: small.experts },
    });
    const run = (seed: number, steps = 70) =>
      trainProgram(device, program, {
        ...{ seed, steps, heldOut: [ruleBatch(1, 99)] },
        batch: (step) => ruleBatch(1, step),
      });
    const [one, again, other] = [await run(3), await run(3), await run(4, 2)];
    assertEquals(one.losses.length, 70);
    assertEquals(one.losses, again.losses);
    assertEquals(one.values, again.values);
    assertNotEquals(one.losses.slice(0, 2), other.losses);
    assertLess(one.heldOut[0].loss, 0.6 * one.losses[0]);
  }),
);

Deno.test(
  "a training goes on from values: one step after another is two steps",
  withDevice(async (_, device) => {
    const batch = () => ({ to: [0, 0, 0] });
    const rest = { seed: 1, steps: 1, batch };
    const first = await trainProgram(device, walker, rest);
    assertEquals([...first.values.steps], [1]);
    const { values } = await trainProgram(device, walker, { ...rest, values: first.values });
    assertEquals([...values.steps], [2]);
    assertLess(values.at[0], first.values.at[0]);
  }),
);

Deno.test(
  "evaluation moves nothing; steps move states and what a gradient comes to, but nothing frozen",
  withDevice(async (_, device) => {
    const frozen = (name: string) => name === "blocks.0.ffn.up" || name.includes("attention");
    const program = decoderProgram(small);
    const trainer = createProgramTrainer(device, program, { seed: 1, frozen });
    const before = await trainer.values();
    await trainer.run(ruleBatch(1));
    assertEquals(await trainer.values(), before);
    trainer.step(ruleBatch(1), { rate: 1e-2 });
    const after = await trainer.values();
    for (const name of Object.keys(before)) {
      if (frozen(name)) assertEquals(after[name], before[name], name);
      else assertNotEquals(after[name], before[name], name);
    }
    trainer.close();

    const other = createProgramTrainer(device, walker, { seed: 1 });
    const batch = { to: [2, 2, 2] };
    const [first, second] = [await other.run(batch), await other.run(batch)];
    assertEquals(first, second);
    other.step(batch, { rate: 0.1 });
    const { loss, norm, figures } = await other.last();
    assertEquals([loss, [...figures.at]], [3, [1, 1, 1]]);
    assertAlmostEquals(norm, Math.sqrt(12), 1e-5);
    const { at, unread, steps } = await other.values();
    assertEquals([[...unread], [...steps]], [[1, 1], [1]]);
    at.forEach((v) => assertAlmostEquals(v, 1.1, 1e-5));
    const later = await other.run(batch);
    assertNotEquals(later.figures.drawn, first.figures.drawn);
    other.close();
  }),
);

Deno.test(
  "losses come in the order of the steps, each once",
  withDevice(async (_, device) => {
    const trainer = createProgramTrainer(device, walker, { seed: 1 });
    for (const to of [1, 2, 3]) trainer.step({ to: [to, to, to] }, { rate: 0 });
    assertEquals(await trainer.losses(), [0, 3, 12]);
    trainer.step({ to: [2, 2, 2] }, { rate: 0 });
    assertEquals(await trainer.losses(), [3]);
    assertEquals(trainer.steps, 4);
    assertGreater(trainer.stepBytes(), 0);
    trainer.close();
  }),
);

Deno.test(
  "what cannot be trained says why",
  withDevice(async (_, device) => {
    const train = (program: ModelProgram, value: number) =>
      trainProgram(device, program, { seed: 1, steps: 1, batch: () => ({ x: [value] }) });
    const root: ModelProgram = {
      parameters: { w: { shape: [1, 1], init: "ones" } },
      matrices: { x: [1, 1] },
      loss: (g, { w, x }) => ({ loss: g.map("log", g.map("multiply", x.x, w.w)) }),
    };
    await assertRejects(() => train(root, -1), RangeError, "Trained to a loss of NaN in step 0");
    const deaf: ModelProgram = { ...root, loss: (_, { x }) => ({ loss: x.x }) };
    await assertRejects(() => train(deaf, 1), RangeError, "none of whose trained parameters");
    const trainer = createProgramTrainer(device, root, { seed: 1 });
    assertThrows(() => trainer.step({ x: [1, 2] }, { rate: 1 }), RangeError, "Gave 2 values");
    await assertRejects(() => trainer.last(), RangeError, "no step was made");
    trainer.close();
  }),
);

Deno.test(
  "gradients of decoders are those of differences on the host",
  withDevice(async (_, device) => {
    for (const id of ["switch", "mixture-of-tokens", "smear"]) {
      const recipe = recipeById(id);
      const causal = { ...recipe, causal: true };
      const program = decoderProgram(small, { experts: { recipe: causal, count: 4 } });
      const found = await programGradientError(device, program, { seed: 1, batch: ruleBatch(1) });
      assert(found, `${id}: a tie`);
      assertLess(found.error, 1e-4);
    }
  }),
);

Deno.test(
  "a gradient that is not that of the host is found",
  withDevice(async (_, device) => {
    const own: ModelProgram = {
      parameters: { w: { shape: [2, 2], init: { normal: 1 } } },
      loss<A, I>(g: Parameters<ModelProgram["loss"]>[0], { w }: { w: Record<string, unknown> }) {
        // Only the host's language records decisions: this program is another one there.
        const by = "record" in g ? 1 : 1.01;
        return { loss: g.scale(g.total(g.map("square", w.w)), by) } as ProgramOutput<A> & I;
      },
    };
    const found = await programGradientError(device, own, { seed: 1, batch: {} });
    assertGreater(found!.error, 5e-3);
  }),
);
