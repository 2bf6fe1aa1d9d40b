import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Model } from "../../../core/spec/model.ts";
import { type ArchitectureName, architectureNames, madeUp } from "./made_up/architectures.ts";
import { attend } from "./oracle/attention.ts";
import { forward, type ForwardOptions, type Pass } from "./oracle/forward.ts";
import { rmsNorm, type Tensor } from "./oracle/tensors.ts";

const ids = [11, 48, 85, 25, 62, 2, 39, 76, 16, 53, 90, 30, 67, 7];

/** Largest difference of two passes' logits. */
function difference(a: Pass, b: Pass): number {
  assertEquals(a.logits.length, b.logits.length);
  return Math.max(...a.logits.map((value, i) => Math.abs(value - b.logits[i])));
}

const run = (name: ArchitectureName, change: Partial<ForwardOptions> = {}) =>
  forward(ids, { ...madeUp(name), ...change });

/** A matrix whose columns, `width` a group, are those groups that `from` names. */
function columns({ shape: [rows, all], data }: Tensor, width: number, from: number[]): Tensor {
  const out = new Float64Array(rows * width * from.length);
  for (let r = 0; r < rows; r++) {
    from.forEach((group, i) => {
      const source = data.subarray(r * all + group * width, r * all + (group + 1) * width);
      out.set(source, (r * from.length + i) * width);
    });
  }
  return { shape: [rows, width * from.length], data: out };
}

for (const name of architectureNames) {
  const pass = run(name);
  const vocab = 97;

  Deno.test(`${name}: shares of keys and sinks sum to one, and later keys have none`, () => {
    for (const { attention: { shares, sinkShares } } of pass.layers) {
      shares.forEach((head, h) =>
        head.forEach((row, t) => {
          assertAlmostEquals(row.reduce((a, b) => a + b, sinkShares[h][t]), 1, 1e-12);
          assertEquals(row.slice(t + 1).every((share) => share === 0), true);
        })
      );
    }
  });

  Deno.test(`${name}: a token's logits depend on no later token`, () => {
    const cut = forward(ids.slice(0, 9), madeUp(name));
    assertEquals(cut.logits, pass.logits.slice(0, 9 * vocab));
    const other = forward([...ids.slice(0, 9), 1, 1, 1, 1, 1], madeUp(name));
    assertEquals(other.logits.slice(0, 9 * vocab), cut.logits);
    assert(difference(pass, other) > 0.1);
  });

  Deno.test(`${name}: distances alone matter, not positions`, () => {
    assert(difference(pass, run(name, { start: 29 })) < 1e-9);
    const { settings } = madeUp(name);
    const slower = { ...settings, rope: { ...settings.rope, theta: settings.rope.theta * 100 } };
    assert(difference(pass, run(name, { settings: slower })) > 1e-2);
  });

  Deno.test(`${name}: routing imposed as it was chosen changes nothing`, () => {
    const again = run(name, { routing: pass.routing });
    assertEquals(again.logits, pass.logits);
    assertEquals(again.layers.map(({ choices }) => choices), pass.layers.map((l) => l.choices));
  });
}

Deno.test("routing imposed otherwise changes logits, and the margins tell of the own choice", () => {
  const pass = run("mixtral");
  const imposed = pass.routing.map((layer) => layer?.map(([a, b]) => [b, (a + 1) % 8]));
  const other = run("mixtral", { routing: imposed });
  assertEquals(other.routing, imposed);
  assert(difference(pass, other) > 0.1);
  const margins = (p: Pass) => p.layers[0].choices!.map(({ margin }) => margin);
  assertEquals(margins(other), margins(pass));
  const turned = pass.routing.map((layer) => layer?.map((token) => token.toReversed()));
  assert(difference(pass, run("mixtral", { routing: turned })) < 1e-12);
});

Deno.test("windows: layers that have one see so many keys, and a long one is none", () => {
  const seen = ({ layers }: Pass) =>
    layers.map(({ attention }) => attention.shares[0][13].filter((share) => share > 0).length);
  assertEquals(seen(run("gpt_oss")), [8, 14, 8, 14]);
  assertEquals(seen(run("mixtral_windows")), [8, 8]);
  for (const name of ["gpt_oss", "mixtral_windows"] as const) {
    const { model } = madeUp(name);
    const sized = (size: number | undefined): Model => {
      const { window, ...rest } = model.attention as Extract<Model["attention"], { kind: "gqa" }>;
      return { ...model, attention: { ...rest, ...(size && { window: { ...window!, size } }) } };
    };
    const none = run(name, { model: sized(undefined) });
    assertEquals(run(name, { model: sized(ids.length) }).logits, none.logits);
    const one = run(name, { model: sized(ids.length - 1) });
    const last = 97 * (ids.length - 1);
    assertEquals(one.logits.slice(0, last), none.logits.slice(0, last));
    assert(difference(one, none) > 1e-6);
  }
});

Deno.test("grouped queries are plain heads whose keys and values are given twice", () => {
  const { model, settings, tensors } = madeUp("llama");
  const { kvHeads: _, ...heads } = model.attention as Extract<Model["attention"], { kind: "gqa" }>;
  const doubled = Object.entries(tensors).map(([name, tensor]) =>
    /attention\.[kv]$/.test(name) ? [name, columns(tensor, 16, [0, 0, 1, 1])] : [name, tensor]
  );
  const plain = forward(ids, {
    model: { ...model, attention: { ...heads, kind: "mha" } },
    settings,
    tensors: Object.fromEntries(doubled),
  });
  assert(difference(plain, run("llama")) < 1e-12);
});

Deno.test("a sink takes its share of the softmax and brings no value", () => {
  const one = { queries: [[Float64Array.of(0)]], keys: [[Float64Array.of(1)]] };
  const heads = { ...one, values: [[Float64Array.of(8)]] };
  const attended = attend(heads, { scale: 1, sinks: [Math.log(3)] });
  assertAlmostEquals(attended.out[0][0], 2, 1e-12);
  assertAlmostEquals(attended.sinkShares[0][0], 0.75, 1e-12);
  const { model, tensors } = madeUp("gpt_oss");
  const low = Object.entries(tensors).map(([name, tensor]) =>
    name.endsWith("sinks")
      ? [name, { ...tensor, data: tensor.data.map(() => -1e9) }]
      : [name, tensor]
  );
  const without = { ...model, attention: { ...model.attention, sinks: false } } as Model;
  const lowered = run("gpt_oss", { tensors: Object.fromEntries(low) });
  assertEquals(lowered.logits, run("gpt_oss", { model: without }).logits);
});

Deno.test("norms of queries are over all heads together in olmoe, and a head each in qwen3", () => {
  for (const [name, ofAll] of [["olmoe", true], ["qwen3", false]] as const) {
    const { model, settings, tensors } = madeUp(name);
    const exact = { model, settings: { ...settings, normEps: 0 } };
    const base = forward(ids, { ...exact, tensors });
    const width = tensors["layers.0.attention.q"].shape[1];
    const grown = (heads: number) => {
      const q = tensors["layers.0.attention.q"];
      const data = q.data.map((value, i) => i % width < heads * width / 4 ? value * 8 : value);
      return forward(ids, {
        ...exact,
        tensors: { ...tensors, "layers.0.attention.q": { ...q, data } },
      });
    };
    assert(difference(base, grown(4)) < 1e-9);
    assertEquals(difference(base, grown(1)) > 1e-3, ofAll);
  }
});

Deno.test("a norm by hand: the mean square of 12.5 and 3.5 more make a root of 4", () => {
  const weight = { shape: [2], data: Float64Array.of(1, 10) };
  assertEquals(rmsNorm(Float64Array.of(3, -4), weight, 3.5), Float64Array.of(0.75, -10));
});

Deno.test("tied tables are one table given twice", () => {
  const { model, settings, tensors } = madeUp("qwen2");
  const untied = forward(ids, {
    model: { ...model, embedding: { ...model.embedding, tied: false } },
    settings,
    tensors: { ...tensors, head: tensors.embedding },
  });
  assertEquals(untied.logits, run("qwen2").logits);
});

Deno.test("what is not written here is refused, and so is a missing weight", () => {
  const { model, settings, tensors } = madeUp("llama");
  assertThrows(
    () => forward(ids, { model: { ...model, block: "parallel" }, settings, tensors }),
    RangeError,
    "not written here",
  );
  const { head: _, ...rest } = tensors;
  assertThrows(
    () => forward(ids, { model, settings, tensors: rest }),
    RangeError,
    "No weight head",
  );
});
