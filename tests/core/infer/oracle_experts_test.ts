import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { RouterSettings } from "../../../core/checkpoints/run_settings.ts";
import { modelFromHuggingFace } from "../../../core/spec/hugging_face/import.ts";
import { architectures, madeUp } from "./made_up/architectures.ts";
import { drawTensors } from "./made_up/draw.ts";
import { latentAttention } from "./oracle/latent_attention.ts";
import { plainAttention } from "./oracle/attention.ts";
import { experts, feedForward, gated } from "./oracle/experts.ts";
import { forward } from "./oracle/forward.ts";
import { route } from "./oracle/router.ts";
import { finder, type Tensor, type Tensors } from "./oracle/tensors.ts";

const settings: RouterSettings = {
  ...{ score: "softmax", normalised: false, scale: 1, groupScore: "best" },
};

const near = (found: ArrayLike<number>, wanted: readonly number[]) => {
  assertEquals(found.length, wanted.length);
  wanted.forEach((value, i) => assertAlmostEquals(found[i], value, 1e-12, `number ${i}`));
};

Deno.test("weights by hand: softmax of all, normalised, scaled, and of those chosen", () => {
  const logits = [1, 2, 4, 3].map(Math.log);
  const of = (change: Partial<RouterSettings>) =>
    route(logits, { settings: { ...settings, ...change }, topK: 2 });
  assertEquals(of({}).ids, [2, 3]);
  near(of({}).weights, [0.4, 0.3]);
  near([of({}).margin], [0.1]);
  near(of({ scale: 16 }).weights, [6.4, 4.8]);
  near(of({ normalised: true, scale: 2.5 }).weights, [2.5 * 4 / 7, 2.5 * 3 / 7]);
  near(of({ score: "chosen" }).weights, [4 / 7, 3 / 7]);
  near([of({ score: "chosen" }).margin], [Math.log(3 / 2)]);
  near(of({ score: "sigmoid" }).weights, [4 / 5, 3 / 4]);
  assertEquals(route(logits, { settings, topK: 4 }).margin, Infinity);
});

Deno.test("a balance bias chooses but does not weigh", () => {
  const logits = [1, 2, 4, 3].map(Math.log);
  const sigmoid: RouterSettings = { ...settings, score: "sigmoid" };
  const choice = route(logits, { settings: sigmoid, topK: 2, balance: [1, 0, 0, -1] });
  assertEquals(choice.ids, [0, 2]);
  near(choice.weights, [1 / 2, 4 / 5]);
  near([choice.margin], [4 / 5 - 2 / 3]);
});

Deno.test("groups: by the best expert, or by the best two added; the rest cannot be chosen", () => {
  // Scores 0.45, 0, 0 | 0.3, 0.2, 0.05 up to a small rest.
  const logits = [0.45, 1e-9, 1e-9, 0.3, 0.2, 0.05].map(Math.log);
  const limit = { groups: 2, chosen: 1 };
  const of = (groupScore: RouterSettings["groupScore"]) =>
    route(logits, { settings: { ...settings, groupScore }, topK: 2, limit });
  assertEquals(of("best").ids, [0, 1]);
  assertAlmostEquals(of("best").margin, 0, 1e-8);
  assertEquals(of("best-two").ids, [3, 4]);
  // The groups' lead, 0.5 - 0.45, is less than the experts', 0.2 - 0.05.
  assertAlmostEquals(of("best-two").margin, 0.05, 1e-8);
});

Deno.test("excluded experts stay out where all scores with their biases are negative", () => {
  const sigmoid: RouterSettings = { ...settings, score: "sigmoid", groupScore: "best-two" };
  const options = { settings: sigmoid, topK: 2, balance: [-2, -2, -3, -3] };
  const choice = route([0, 1, 2, 3], { ...options, limit: { groups: 2, chosen: 1 } });
  assertEquals(choice.ids, [1, 0]);
});

Deno.test("the clamped gate by hand: the gate from above alone, up from both sides", () => {
  const clamped = { limit: 7, alpha: 1.702 };
  const swish = (x: number) => x / (1 + Math.exp(-1.702 * x));
  near(
    [gated(10, 10, clamped), gated(-10, -10, clamped), gated(1, 0, clamped)],
    [8 * swish(7), -6 * swish(-10), swish(1)],
  );
  near([gated(Math.log(3), 2)], [1.5 * Math.log(3)]);
});

const tensor = (shape: number[], ...data: number[]): Tensor => ({
  shape,
  data: Float64Array.from(data),
});

Deno.test("experts by hand: biases, weights, and a shared network with a gate", () => {
  const { model, settings } = madeUp("gpt_oss");
  const tensors: Tensors = {
    "moe.router": tensor([1, 2], 0, 0),
    "moe.router.bias": tensor([2], Math.log(1), Math.log(3)),
    "moe.up": tensor([2, 2, 1, 1], 1, 1, 0, 0),
    "moe.up.bias": tensor([2, 2, 1], 1, 2, 4, 9),
    "moe.down": tensor([2, 1, 1], 5, 10),
    "moe.down.bias": tensor([2, 1], 7, 1),
    "moe.sharedUp": tensor([2, 1, 1], Math.log(3), 4),
    "moe.sharedDown": tensor([1, 1], 1 / Math.log(3)),
    "moe.sharedGate": tensor([1, 1], Math.log(4)),
  };
  const run = (change: Partial<typeof settings>, spec = model.moe!) =>
    experts([Float64Array.of(1)], {
      ...{ spec, find: finder(tensors), has: (name) => name in tensors },
      settings: { ...settings, ...change },
    }).out[0];
  // Alpha 0 halves the gate: expert 0 gives (1 + 2 + 1) * 2 / 2 * 5 + 7, expert 1 is clamped at 3 and
  // gives (3 + 1) * 3 / 2 * 10 + 1; their weights are 1/4 and 3/4.
  near(run({ clamped: { limit: 3, alpha: 0 } }), [27 / 4 + 61 * 3 / 4]);
  // silu(ln 3) * 4 / ln 3 = 3, and a gate of 4/5.
  const shared = { ...model.moe!, shared: { count: 1, width: 1 } };
  const both = { ...shared, sharedGate: true };
  const alone = run({})[0];
  near(run({}, shared), [alone + 3]);
  near(run({}, both), [alone + 3 * 4 / 5]);
});

Deno.test("one expert is a dense network, and so are eight alike", () => {
  const { config, settings } = architectures.mixtral;
  for (const [experts, topK] of [[1, 1], [8, 2]]) {
    const model = modelFromHuggingFace(
      { ...config, num_local_experts: experts, num_experts_per_tok: topK },
      { id: "x" },
    );
    const { moe: _, ...dense } = modelFromHuggingFace(
      { ...madeUp("llama").config },
      { id: "dense" },
    );
    const own = drawTensors(model, { settings, seed: 3 });
    const alike: Record<string, Tensor> = { ...own };
    const asDense: Record<string, Tensor> = { ...own };
    for (const layer of [0, 1]) {
      const at = `layers.${layer}.`;
      asDense[`${at}ffn.norm`] = own[`${at}moe.norm`];
      delete asDense[`${at}moe.router`];
      for (const name of ["up", "down"]) {
        const { shape: [count, ...shape], data } = own[`${at}moe.${name}`];
        const one = data.slice(0, data.length / count);
        const copies = Float64Array.from({ length: data.length }, (_, i) => one[i % one.length]);
        asDense[`${at}ffn.${name}`] = { shape, data: one };
        alike[`${at}moe.${name}`] = { shape: [count, ...shape], data: copies };
      }
    }
    const ids = [3, 1, 4, 1, 5];
    const mixed = forward(ids, { model, settings, tensors: alike });
    const wanted = forward(ids, { model: dense, settings, tensors: asDense });
    assert(mixed.layers[0].choices![0].ids.length === topK);
    near(mixed.logits.map((value, i) => value - wanted.logits[i]), Array(5 * 97).fill(0));
  }
});

Deno.test("a network with all experts chosen and scores left as they are is their mean by score", () => {
  const { tensors } = madeUp("mixtral");
  const find = finder(tensors, "layers.0.");
  const x = Float64Array.from({ length: 64 }, (_, i) => Math.sin(i));
  const { model, settings } = madeUp("mixtral");
  const out = experts([x], {
    ...{ spec: { ...model.moe!, topK: 8 }, find, has: (name) => `layers.0.${name}` in tensors },
    settings: { ...settings, router: { ...settings.router!, normalised: false } },
  });
  const [{ ids, weights }] = out.choices;
  near([weights.reduce((a, b) => a + b, 0)], [1]);
  const up = find("moe.up");
  const down = find("moe.down");
  const wanted = new Float64Array(64);
  ids.forEach((e, i) => {
    const network = {
      up: { shape: [2, 64, 48], data: up.data.slice(e * 6144, (e + 1) * 6144) },
      down: { shape: [48, 64], data: down.data.slice(e * 3072, (e + 1) * 3072) },
    };
    feedForward(x, network).forEach((value, d) => wanted[d] += weights[i] * value);
  });
  near(out.out[0], Array.from(wanted));
});

Deno.test("latent attention with an identity for its compression is plain attention", () => {
  const { tensors, settings, model } = madeUp("deepseek_v2_lite");
  if (model.attention.kind !== "mla") throw new Error("deepseek_v2 has latent attention");
  const { heads, nopeDim: nope, ropeDim: turn, valueDim: value } = model.attention;
  const d = 64;
  const spec = { ...model.attention, kvRank: d };
  const matrix = (width: number, at: (row: number, column: number) => number): Tensor => ({
    shape: [d, width],
    data: Float64Array.from(
      { length: d * width },
      (_, i) => at(Math.floor(i / width), i % width),
    ),
  });
  const read = ({ shape, data }: Tensor) => (row: number, column: number) =>
    data[row * shape[1] + column];
  const q = read(tensors["layers.0.attention.q"]);
  const up = read(matrix(heads * (nope + value), (r, c) => Math.sin(r * r + 5 * c) / 8));
  const key = read(matrix(turn, (r, c) => Math.cos(3 * r + c * c) / 8));
  const out = tensors["layers.0.attention.out"];
  const latent: Tensors = {
    "attention.q": tensors["layers.0.attention.q"],
    "attention.kvDown": matrix(d + turn, (r, c) => c < d ? Number(r === c) : key(r, c - d)),
    "attention.kvDownNorm": tensor([d], ...Array(d).fill(1)),
    "attention.kvUp": matrix(heads * (nope + value), up),
    "attention.out": out,
  };
  // Plain heads turn their first channels: the turned part comes before the other.
  const width = nope + turn;
  const swapped = (c: number) => c % width < turn ? c + nope : c - turn;
  const plain: Tensors = {
    "attention.q": matrix(heads * width, (r, c) => q(r, swapped(c))),
    "attention.k": matrix(heads * width, (r, c) => {
      const [head, channel] = [Math.floor(c / width), c % width];
      return channel < turn ? key(r, channel) : up(r, head * (nope + value) + channel - turn);
    }),
    "attention.v": matrix(heads * value, (r, c) => {
      return up(r, Math.floor(c / value) * (nope + value) + nope + c % value);
    }),
    "attention.out": out,
  };
  // Tokens of a mean square of 1, which the norm of the compression leaves as they are.
  const x_TD = Array.from({ length: 7 }, (_, t) => {
    const x = Float64Array.from({ length: d }, (_, i) => Math.sin(1 + i * (t + 1)));
    const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / d);
    return x.map((value) => value / root);
  });
  const rest = { settings: { ...settings, normEps: 0 }, start: 3 };
  const found = latentAttention(x_TD, { ...rest, spec, find: finder(latent) });
  const wanted = plainAttention(x_TD, {
    ...{ ...rest, find: finder(plain) },
    spec: {
      ...{ kind: "mha", heads, headDim: width, qkvBias: false, outBias: false },
      ...{ qkNorm: "none", outputGate: false, sinks: false },
    },
  });
  found.out.forEach((row, t) => near(row, Array.from(wanted.out[t])));
});
