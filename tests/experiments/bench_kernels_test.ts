import { assert, assertEquals, assertThrows } from "@std/assert";
import { skewedChoices } from "../../experiments/bench/kernel_contests.ts";
import { openBlas } from "../../experiments/bench/open_blas.ts";
import { race } from "../../experiments/bench/race.ts";
import { explain } from "../../experiments/cli_errors.ts";

Deno.test("a race runs both in turn after a warm-up, and its ratio survives a slow spell", async () => {
  const order: string[] = [];
  // Two of the warm-up and twelve on a quiet machine, the rest on one that is three times slower.
  const busy = () => order.length <= 14 ? 1 : 3;
  const result = await race(
    12,
    () => Promise.resolve(order.push("ours") && 4 * busy()),
    () => Promise.resolve(order.push("theirs") && 1 * busy()),
  );
  const both = ["ours", "theirs"];
  const turns = Array.from({ length: 6 }, () => [...both, ...both.toReversed()]).flat();
  assertEquals(order, [...both, ...turns]);
  assertEquals([result.ours.n, result.theirs.n, result.speed.n], [12, 12, 12]);
  assertEquals([result.ours.value, result.theirs.value], [8, 2]);
  assertEquals([result.speed.lo, result.speed.value, result.speed.hi], [0.25, 0.25, 0.25]);
});

Deno.test("one odd pair moves the ratio of a race no further than its neighbours", async () => {
  const times = [1, 1, 1, 1, 50, 1, 1, 1, 1, 1, 1, 1];
  let i = 0;
  const { speed } = await race(11, () => Promise.resolve(times[i++]), () => Promise.resolve(2));
  assertEquals([speed.value, speed.lo, speed.hi], [2, 2, 2]);
});

Deno.test("the grouped contest's tokens choose two different experts, the first ones most", () => {
  const { ids, rows } = skewedChoices();
  assertEquals(ids.length, 2048);
  assertEquals(rows.reduce((a, b) => a + b), 2048);
  for (let t = 0; t < 1024; t++) assert(ids[2 * t] !== ids[2 * t + 1]);
  assert(ids.every((id) => id < 8));
  assert(Math.max(...rows) > 4 * Math.min(...rows), `rows ${rows} are even`);
  assertEquals(skewedChoices(), { ids, rows });
});

Deno.test("without the permission to load libraries the rival is refused in one line", () => {
  const error = assertThrows(() => openBlas(), Deno.errors.NotCapable);
  const { text, code } = explain(error);
  assertEquals(code, 2);
  assert(/^error: Permission refused: this needs ffi access to .*--allow-ffi/.test(text), text);
  assert(!text.includes("\n"));
});
