import { assert, assertEquals, assertThrows } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { checkProduct } from "../../experiments/cli_rival.ts";
import { explain } from "../../experiments/cli_errors.ts";
import { matmulModel } from "../../experiments/bench/rivals/matmul_model.ts";
import { openBlas } from "../../experiments/bench/rivals/open_blas.ts";
import { presentProcesses } from "../../experiments/bench/rivals/present.ts";
import { lineReader } from "../../experiments/bench/rivals/process.ts";
import { rivals } from "../../experiments/bench/rivals/rivals.ts";
import { textOf } from "../gate/sources.ts";

Deno.test("without the permission to load libraries the rival is refused in one line", () => {
  const error = assertThrows(() => openBlas(), Deno.errors.NotCapable);
  const { text, code } = explain(error);
  assertEquals(code, 2);
  assert(/^error: Permission refused: this needs ffi access to .*--allow-ffi/.test(text), text);
  assert(!text.includes("\n"));
});

Deno.test("a task that may start no process leaves the rivals out and says how to get them", async () => {
  const { present, skipped } = await presentProcesses(8, { quick: true, log: () => {} });
  assertEquals(present, []);
  assertEquals(skipped.map(({ what }) => what), Object.keys(rivals));
  for (const { why } of skipped) assert(why.includes('run "deno task bench:rivals"'), why);
});

Deno.test("table, task and lock file of the rivals name the same versions", () => {
  const lock = JSON.parse(textOf("experiments/bench/rivals/rivals.lock"));
  const wanted = Object.values(rivals).map(({ specifier }) => specifier).sort();
  assertEquals(Object.keys(lock.specifiers).sort(), wanted);
  const { command } = config.tasks["bench:rivals"];
  assertEquals(command.match(/npm:\S+/g)?.sort(), wanted);
  assert(command.includes("--frozen") && command.includes("--lock=experiments/bench/rivals/"));
});

Deno.test("the suite itself depends on no rival", () => {
  const lock = textOf("deno.lock");
  for (const { specifier } of Object.values(rivals)) {
    const name = specifier.replace(/^npm:(.*)@.*$/, "$1");
    assert(!lock.includes(name), name);
  }
});

/** Fields of a protocol buffer: numbers, and bytes of texts and messages. */
function fields(bytes: Uint8Array): [field: number, value: number | Uint8Array][] {
  const found: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let [value, shift] = [0, 0];
    while (bytes[at] >= 128) [value, shift] = [value | (bytes[at++] & 127) << shift, shift + 7];
    return value | bytes[at++] << shift;
  };
  while (at < bytes.length) {
    const key = varint();
    const size = varint();
    if ((key & 7) === 0) found.push([key >> 3, size]);
    else found.push([key >> 3, bytes.slice(at, at += size)]);
  }
  return found;
}

const texts = (bytes: Uint8Array) =>
  fields(bytes).filter(([, value]) => value instanceof Uint8Array)
    .map(([field, value]) => [field, new TextDecoder().decode(value as Uint8Array)]);

Deno.test("the model for ONNX Runtime is one MatMul of two square matrices", () => {
  const model = new Map(fields(matmulModel(300)));
  assertEquals(model.get(1), 8);
  const graph = fields(model.get(7) as Uint8Array);
  const node = graph.find(([field]) => field === 1)![1] as Uint8Array;
  assertEquals(texts(node), [[1, "a"], [1, "b"], [2, "c"], [4, "MatMul"]]);
  const ends = graph.filter(([field]) => field === 11 || field === 12);
  assertEquals(ends.map(([, value]) => texts(value as Uint8Array)[0][1]), ["a", "b", "c"]);
  const type = new Map(fields(ends[0][1] as Uint8Array)).get(2) as Uint8Array;
  const tensor = new Map(fields(fields(type)[0][1] as Uint8Array));
  assertEquals(tensor.get(1), 1);
  const sides = fields(tensor.get(2) as Uint8Array).map(([, side]) => fields(side as Uint8Array));
  assertEquals(sides, [[[1, 300]], [[1, 300]]]);
});

Deno.test("a rival whose product is wrong is found out", () => {
  const [a, b] = [Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8)];
  checkProduct([19, 22, 43, 50], { a, b, n: 2 });
  assertThrows(
    () => checkProduct([19, 22, 43, 51], { a, b, n: 2 }),
    Error,
    "element 3 is 51, wanted 50",
  );
  assertThrows(() => checkProduct([NaN, 22, 43, 50], { a, b, n: 2 }), Error, "element 0");
});

Deno.test("lines are put together from the pieces that a pipe gives", async () => {
  const pieces = ['{"rea', 'dy":true}\n{"seconds"', ":1}\nrest"];
  const next = lineReader(
    ReadableStream.from(pieces.map((text) => new TextEncoder().encode(text))),
  );
  assertEquals([await next(), await next(), await next()], [
    '{"ready":true}',
    '{"seconds":1}',
    undefined,
  ]);
});
