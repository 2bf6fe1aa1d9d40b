/** The table of derivatives: what it says of each, and that none sees what it is to predict. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  derivativeById,
  derivativeControls,
  derivativeRecipes,
} from "../../../core/derivatives/table.ts";
import { runProgramOnHost } from "../../../core/programs/host_program.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { ruleBatch, small } from "../programs/small_decoder.ts";

const all = [...derivativeControls, ...derivativeRecipes];

Deno.test("ids are unique, and each derivative is held against a control that there is", () => {
  assertEquals(new Set(all.map(({ id }) => id)).size, all.length);
  const controls = derivativeControls.map(({ id }) => id);
  for (const { id, against, section, idea, arxiv } of derivativeRecipes) {
    assert(controls.includes(against!), id);
    assertEquals(section, "4.5");
    assertMatch(idea, /\.$/);
    if (arxiv !== null) assertMatch(arxiv, /^\d{4}\.\d{5}$/);
  }
});

Deno.test("an unknown derivative is answered with the nearest", () => {
  assertEquals(derivativeById("sut").name, "SUT");
  assertThrows(() => derivativeById("widnet"), UserError, 'did you mean "widenet"');
});

Deno.test("what is frozen is there, and something else is trained", () => {
  for (const { id, program, frozen } of all) {
    if (!frozen) continue;
    const names = Object.keys(program(small).parameters);
    const held = names.filter(frozen).length;
    assert(held > 0 && held < names.length, `${id}: ${held} of ${names.length}`);
  }
});

Deno.test("values of the stage before fit what comes after", () => {
  for (const { id, program, before } of all) {
    if (!before) continue;
    const { parameters } = program(small);
    const first = before.program(small).parameters;
    const given = before.values(
      Object.fromEntries(
        Object.entries(first).map(([name, { shape }]) => [
          name,
          new Float32Array(shape[0] * shape[1]),
        ]),
      ),
      small,
    );
    for (const [name, one] of Object.entries(given)) {
      const shape = parameters[name]?.shape;
      assert(shape, `${id} begins with "${name}", which it does not have`);
      assertEquals(one.length, shape[0] * shape[1], name);
    }
  }
});

Deno.test("in use no prediction depends on a token after its own", () => {
  const [sequence, changed] = [1, 6];
  const batch = ruleBatch(3);
  const tokens = Uint32Array.from(batch.tokens);
  const at = sequence * small.length + changed;
  tokens[at] = (tokens[at] + 3) % small.vocabulary;
  for (const { id, program } of all) {
    const made = program(small);
    const run = (given: typeof batch) =>
      runProgramOnHost(made, { seed: 2, batch: given }).figures!.each.data;
    const [one, other] = [run(batch), run({ ...batch, tokens })];
    const length = one.length / small.sequences;
    const moved = [...one].map((v, i) => Math.abs(v - other[i]) > 1e-12);
    const before = small.length - changed;
    for (const [i, is] of moved.entries()) {
      const fromEnd = length - i % length;
      if (fromEnd > before) assert(!is, `${id}: token ${i} sees token ${at}`);
    }
    assert(moved.some((is) => is), `${id}: nobody sees token ${at}`);
  }
});
