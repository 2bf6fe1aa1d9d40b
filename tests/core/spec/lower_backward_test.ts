/** Backward pass, update and training step: order, FLOP against the forward pass, golden values. */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  type AnyOp,
  bytes,
  flops,
  op,
  type OpKind,
  productKinds,
} from "../../../kernels/base/op.ts";
import {
  layersOf,
  lowerLayer,
  lowerLayerBackward,
  lowerModel,
  lowerModelBackward,
  lowerMoeLayer,
  lowerMoeLayerBackward,
  lowerTrainingStep,
  lowerUpdate,
  modelPreset,
  modelPresets,
  parameters,
} from "../../../core/spec/mod.ts";
import { gradientsOf } from "../../../core/spec/lower_gradients.ts";
import { loweredPresets } from "./lowered.ts";

const sumOf = (ops: readonly AnyOp[], kinds: readonly OpKind[]) =>
  ops.filter(({ kind }) => kinds.includes(kind)).reduce((sum, one) => sum + flops(one), 0);
const products = (ops: readonly AnyOp[]) => sumOf(ops, productKinds);

Deno.test("every linear map of every preset that lowers costs twice as much backwards", () => {
  for (const model of loweredPresets()) {
    const at = { sequence: 32 };
    const [forward, backward] = [lowerModel(model, 64, at), lowerModelBackward(model, 64, at)];
    assertEquals(products(backward), 2 * products(forward), model.id);
    for (const layer of layersOf(model)) {
      const pair = [lowerLayerBackward, lowerLayer].map((lower) =>
        products(lower(model, layer, 64, at))
      );
      assertEquals(pair[0], 2 * pair[1], `${model.id}, layer ${layer.index}`);
    }
  }
});

Deno.test("attention costs 2.5 times as much backwards, latent attention by its widths", () => {
  for (const model of loweredPresets()) {
    const at = { sequence: 32 };
    const forward = sumOf(lowerModel(model, 64, at), ["attention"]);
    const backward = sumOf(lowerModelBackward(model, 64, at), ["attention_backward"]);
    const { attention: a } = model;
    const ratio = a.kind === "mla"
      ? (3 * (a.nopeDim + a.ropeDim) + 2 * a.valueDim) / (a.nopeDim + a.ropeDim + a.valueDim)
      : 2.5;
    assertAlmostEquals(backward / forward, ratio, 1e-12, model.id);
  }
});

Deno.test("every op of every training step moves bytes and has a name and a type", () => {
  for (const model of loweredPresets()) {
    const step = lowerTrainingStep(model, 64, { sequence: 32, dtype: "bf16" });
    for (const one of Object.values(step).flat()) {
      assert(bytes(one) > 0 && Number.isFinite(flops(one)), `${model.id}: ${JSON.stringify(one)}`);
      assert(one.name && !/undefined/.test(one.name), `${model.id}: ${JSON.stringify(one)}`);
    }
    const typed = [...step.forward, ...step.backward];
    assertEquals(typed.filter(({ dtype }) => dtype !== "bf16"), [], model.id);
  }
});

Deno.test("an update has every parameter once, in the norm and in AdamW", () => {
  for (const model of modelPresets()) {
    const ops = lowerUpdate(model);
    const count = (wanted: "adamw" | "reduce") =>
      ops.reduce((sum, one) => sum + (one.kind === wanted ? one.dims.n : 0), 0);
    const weights = ops.filter(({ kind }) => kind === "adamw").length;
    assertEquals(count("adamw"), parameters(model).total, model.id);
    assertEquals(count("reduce"), parameters(model).total, model.id);
    assertEquals(ops.flatMap((one) => one.kind === "reduce" ? [one.dims.tensors] : []), [weights]);
  }
});

const shape = {
  dModel: 64,
  dExpert: 32,
  experts: 8,
  topK: 2,
  sharedExperts: 2,
  sharedWidth: 48,
};

Deno.test("a MoE layer's gradient, in order, with its dimensions", () => {
  const rows = [4, 4, 4, 4, 4, 4, 4, 4];
  const ops = lowerMoeLayerBackward(shape, 16, { rows });
  const typed = { dtype: "f32" as const };
  const grouped = { m: 32, n: 32, k: 64, groups: 8 };
  assertEquals(
    ops,
    [
      op("grouped_gemm_nt", grouped, { name: "expert down dx", rows }),
      op("expert_backward", { m: 32, n: 32, planes: 2 }, { name: "expert activation backward" }),
      op("grouped_gemm_tn", { m: 32, n: 64, k: 32, groups: 8 }, { name: "expert down dw", rows }),
      op("grouped_gemm_nt", { m: 32, n: 64, k: 32, planes: 2, groups: 8 }, {
        name: "expert up dx",
        rows,
      }),
      op("grouped_gemm_tn", { m: 64, n: 32, k: 32, planes: 2, groups: 8 }, {
        name: "expert up dw",
        rows,
      }),
      op("router_backward", { t: 16, e: 8, k: 2 }, { name: "router backward" }),
      op("gemm_tn", { m: 64, n: 8, k: 16 }, { name: "router dw" }),
      op("gemm_nt", { m: 16, n: 48, k: 64 }, { name: "shared down dx" }),
      op("activation_backward", { m: 16, n: 48, planes: 2 }, {
        name: "shared activation backward",
      }),
      op("gemm_tn", { m: 48, n: 64, k: 16 }, { name: "shared down dw" }),
      op("gemm_nt", { m: 16, n: 64, k: 48, planes: 2 }, { name: "shared up dx" }),
      op("gemm_tn", { m: 64, n: 48, k: 16, planes: 2 }, { name: "shared up dw" }),
      op("gemm_nt", { m: 16, n: 64, k: 8 }, { name: "router dx" }),
      op("combine", { t: 16, k: 3, d: 64 }, { name: "combine dx" }),
    ].map((one) => ({ ...one, ...typed })),
  );
});

Deno.test("rows of experts are those that are added up in the gradient of weights", () => {
  const rows = [9, 0, 3, 0, 4, 0, 0, 16];
  for (const one of lowerMoeLayerBackward(shape, 16, { rows })) {
    if (one.kind === "grouped_gemm_tn") assertEquals(one.dims.k, 32);
    if (one.kind === "grouped_gemm_nt") assertEquals(one.dims.m, 32);
    assertEquals(one.rows !== undefined, one.kind.startsWith("grouped"));
  }
});

Deno.test("products cost twice as much backwards whatever the router and the activation are", () => {
  for (const router of ["linear", "mlp", "attention"] as const) {
    for (const activation of ["relu", "swiglu"] as const) {
      const layer = { ...shape, router, activation, sharedGate: true };
      const forward = products(lowerMoeLayer(layer, 16));
      assertEquals(products(lowerMoeLayerBackward(layer, 16)), 2 * forward);
    }
  }
});

Deno.test("a training pass keeps the sums of gated products, an inference pass does not", () => {
  const kinds = (keep: boolean) => lowerMoeLayer(shape, 16, { keep }).map(({ kind }) => kind);
  assertEquals(kinds(true).filter((kind) => kind.endsWith("_kept")), [
    "grouped_gemm_swiglu_kept",
    "gemm_swiglu_kept",
  ]);
  assertEquals(kinds(false).filter((kind) => kind.endsWith("_kept")), []);
  assertEquals(
    products(lowerMoeLayer(shape, 16, { keep: true })),
    products(lowerMoeLayer(shape, 16)),
  );
});

Deno.test("a layer goes back from its experts to its first norm", () => {
  const tiny = modelPreset("tiny");
  const ops = lowerLayerBackward(tiny, layersOf(tiny)[0], 8);
  assertEquals(ops.slice(9).map(({ name }) => name), [
    "moe norm backward",
    "attention out dw",
    "attention out dx",
    "attention backward",
    "attention v dw",
    "attention v dx",
    "rope backward",
    "attention k dw",
    "attention k dx",
    "rope backward",
    "attention q dw",
    "attention q dx",
    "attention norm backward",
  ]);
  const adds = ops.flatMap((one) => one.kind === "norm_backward" ? [one.dims.adds] : []);
  assertEquals(adds, [1, 1]);
});

Deno.test("a parallel block adds the gradients of its branches in products, or at the residual", () => {
  const names = (id: string, perLayer: number) => {
    const model = modelPreset(id);
    const changed = { ...model, norm: { ...model.norm, perLayer } };
    return lowerLayerBackward(changed, layersOf(changed)[0], 8).map(({ name }) => name);
  };
  const sums = (list: (string | undefined)[]) =>
    list.flatMap((name, i) => name === "add gradients" ? [list[i - 1]] : []);
  assertEquals(sums(names("palm-540b", 1)), []);
  assertEquals(sums(names("palm-540b", 2)), ["attention out dx"]);
  assertEquals(names("palm-540b", 1).filter((name) => name?.endsWith("norm backward")).length, 1);
  assertEquals(names("palm-540b", 2).filter((name) => name?.endsWith("norm backward")).length, 2);
});

Deno.test("a Mamba layer's passes cost twice as much backwards", () => {
  const jamba = modelPreset("jamba");
  const layer = layersOf(jamba).find(({ mixer }) => mixer === "mamba")!;
  const passes = (ops: AnyOp[]) =>
    sumOf(ops.filter(({ name }) => name?.startsWith("mamba")), ["elementwise"]);
  assertEquals(
    passes(lowerLayerBackward(jamba, layer, 8)),
    2 * passes(lowerLayer(jamba, layer, 8)),
  );
});

Deno.test("an output layer lies as the token table does, which adds to its gradient where it is one", () => {
  const step = (id: string) => lowerTrainingStep(modelPreset(id), 8);
  const around = ({ forward, backward }: ReturnType<typeof step>) => [
    forward.at(-2)!.kind,
    ...backward.slice(1, 3).map(({ kind }) => kind),
    (backward.at(-1) as Extract<AnyOp, { kind: "embedding_backward" }>).dims.adds,
  ];
  assertEquals(around(step("tiny")), ["gemm_nt", "gemm", "gemm_tn", 1]);
  assertEquals(around(step("olmoe")), ["gemm_nt", "gemm", "gemm_tn", 0]);
});

Deno.test("a training step of the tiny model, in numbers", () => {
  const step = lowerTrainingStep(modelPreset("tiny"), 128, { sequence: 64 });
  const counted = Object.entries(step).map(([phase, ops]) => [
    phase,
    ops.length,
    ops.reduce((sum, one) => sum + flops(one), 0),
    ops.reduce((sum, one) => sum + bytes(one), 0),
  ]);
  assertEquals(counted, [
    ["forward", 34, 89_420_800, 8_892_544],
    ["backward", 49, 181_053_440, 17_773_568],
    ["update", 21, 15_643_264, 4 * (8 * 920_192 + 1)],
  ]);
});

Deno.test("an op that has no gradient by itself is refused", () => {
  assertThrows(
    () => gradientsOf([op("combine", { t: 1, k: 1, d: 1 })]),
    RangeError,
    "Cannot lower the gradient of combine",
  );
});
