/** Programs on the host: what they refuse, and that seeds and values decide what they give. */
import { assertAlmostEquals, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { hostMatrix } from "../../../core/arrays/host_matrix.ts";
import { decoderProgram } from "../../../core/programs/decoder_program.ts";
import { hostValues, runProgramOnHost } from "../../../core/programs/host_program.ts";
import { checkBatch, type ModelProgram, prefixed } from "../../../core/programs/program.ts";
import { type Choices, watchChoices } from "../../../core/programs/watch_choices.ts";
import { ruleBatch, small } from "./small_decoder.ts";

const line: ModelProgram = {
  parameters: { slope: { shape: [1, 1], init: { value: 3 } } },
  states: { seen: { shape: [1, 1], init: "zeros" } },
  matrices: { x: [2, 1] },
  indices: { which: [2, 1] },
  loss: (g, { w, x, state }) => ({
    loss: g.total(g.product(x.x, w.slope)),
    states: { seen: g.shift(state.seen, 1) },
  }),
};

Deno.test("a batch has the names and the numbers that a program declares", () => {
  checkBatch(line, { x: [1, 2], which: [0, 1] });
  assertThrows(
    () => checkBatch(line, { x: [1, 2, 3], which: [0, 1] }),
    RangeError,
    'Gave 3 values of "x" in a batch, wanted 2 for [2, 1]',
  );
  assertThrows(() => checkBatch(line, { x: [1, 2] }), RangeError, 'Gave 0 values of "which"');
  assertThrows(
    () => checkBatch(line, { x: [1, 2], which: [0, 1], y: [1] }),
    RangeError,
    'Gave a batch "y", wanted x, which',
  );
});

Deno.test("a program runs on the host with its own values or with those given", () => {
  const batch = { x: [1, 2], which: [0, 1] };
  const lossAt = (values?: Record<string, number[]>) =>
    runProgramOnHost(line, { seed: 1, batch, values }).loss.data[0];
  assertEquals([lossAt(), lossAt({ slope: [-1] })], [9, -3]);
  assertThrows(() => lossAt({ slope: [1, 2] }), RangeError, 'Gave 2 values to "slope", wanted 1');
  const { states } = runProgramOnHost(line, { seed: 1, batch, training: true });
  assertEquals(states!.seen.data[0], 1);
});

Deno.test("first values come from the seed and the name alone", () => {
  const program = decoderProgram(small);
  const of = (seed: number) => hostValues(program, { seed }).w;
  assertEquals(of(3), of(3));
  assertNotEquals(of(3).head.data, of(4).head.data);
  assertNotEquals(of(3)["blocks.0.ffn.up"].data, of(3)["blocks.1.ffn.up"].data);
});

Deno.test("a decoder that knows nothing loses about log V, and its figures agree", () => {
  const program = decoderProgram(small);
  const head = new Float64Array(small.dModel * small.vocabulary);
  const { loss, figures } = runProgramOnHost(program, {
    ...{ seed: 1, batch: ruleBatch(1), values: { head } },
  });
  assertAlmostEquals(loss.data[0], Math.log(small.vocabulary), 1e-9);
  assertEquals(figures!.each.shape, [small.sequences * small.length, 1]);
  assertEquals(figures!.ofTokens.data[0], loss.data[0]);
});

Deno.test("choices are noted in the order of their calls, and stay what they are", () => {
  const seen: Choices<unknown, unknown> = { ids: [], masks: [] };
  const g = watchChoices(hostArrays({ seed: 1 }), seen as never);
  const a = hostMatrix([2, 3], [1, 3, 2, 0, 0, 5]);
  const ids = g.topK(a, 1);
  const mask = g.choosePerColumn(a, { count: 1, length: 2 });
  assertEquals([seen.ids, seen.masks], [[ids], [mask]]);
  assertEquals([...ids.data], [1, 2]);
});

Deno.test("a prefix goes before each name", () => {
  assertEquals(prefixed("a.", { b: 1, c: 2 }), { "a.b": 1, "a.c": 2 });
});
