/** One dense model to a mixture: copies, renewed units, parts, residual experts, masks. */
import { assert, assertAlmostEquals, assertEquals, assertLess, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  clusteredUnits,
  coActivations,
  connectedUnits,
  cutEqually,
  hiddenUnits,
  isCore,
  joinExperts,
  moefication,
  type Network,
  networkAt,
  partsGate,
  renewUnits,
  residualExperts,
  schemeById,
  spawnExperts,
  upcycle,
} from "../../../../core/train/schemes/mod.ts";
import { joined, unitsOf } from "../../../../core/train/schemes/networks.ts";
import { createTrainer } from "../../../../core/train/trainer.ts";
import { writeWeights } from "../../../../core/train/schemes/on_device.ts";
import { parameters } from "../../../../core/spec/mod.ts";
import { normals, split } from "../../../../kernels/base/random.ts";
import { withDevice } from "../../../kernels/compare.ts";
import { smallBatch } from "../../nn/small_models.ts";
import { smallDense } from "./small_dense.ts";

const source = smallDense();

const randomNetwork = (units: number, planes = 2, width = 6): Network => ({
  ...{ planes, width, units },
  up: normals(split(units, "up"), planes * width * units),
  down: normals(split(units, "down"), units * width),
});

/** What a network gives for inputs [T, D], in f64. */
function outputs(network: Network, x: ArrayLike<number>): Float64Array {
  const { width, units, down, planes } = network;
  const hidden = hiddenUnits(network, { x, activation: planes === 2 ? "swiglu" : "relu" });
  return Float64Array.from({ length: x.length }, (_, i) => {
    const [t, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let unit = 0; unit < units; unit++) {
      sum += hidden[t * units + unit] * down[unit * width + column];
    }
    return sum;
  });
}

Deno.test("parts of a network sum to it, and networks side by side to their sum", () => {
  const x = normals(split(1, "x"), 5 * 6);
  fc.assert(
    fc.property(
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
      fc.constantFrom(1, 2, 4, 8),
      fc.constantFrom(1, 2),
      (order, groups, planes) => {
        const network = randomNetwork(8, planes);
        const whole = outputs(network, x);
        const parts = cutEqually(order, groups).map((ids) => unitsOf(network, ids));
        const sums = parts.map((part) => outputs(part, x));
        const again = outputs(joined(parts), x);
        whole.forEach((value, i) => {
          assertAlmostEquals(sums.reduce((sum, part) => sum + part[i], 0), value, 1e-5);
          assertAlmostEquals(again[i], value, 1e-5);
        });
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

/** Groups as sets that can be compared. */
const asSets = (groups: readonly (readonly number[])[]) =>
  groups.map((own) => [...own].sort((a, b) => a - b).join()).sort();

Deno.test("units that read alike are found as clusters, of equal size", () => {
  const [units, width, groups] = [24, 6, 4];
  const centres = normals(split(2, "centres"), groups * width, 4);
  const noise = normals(split(2, "noise"), units * width, 0.1);
  const up = new Float32Array(2 * width * units);
  for (let unit = 0; unit < units; unit++) {
    for (let i = 0; i < width; i++) {
      up[i * units + unit] = centres[unit % groups * width + i] + noise[unit * width + i];
    }
  }
  const network = { ...randomNetwork(units), up };
  // First centres are drawn: of several draws the best is the planted one, and all are equal in size.
  const found = Array.from(
    { length: 8 },
    (_, draw) => clusteredUnits(network, { groups, stream: split(draw, "draws") }),
  );
  for (const one of found) {
    assertEquals(one.map((own) => own.length), [6, 6, 6, 6]);
    assertEquals(one.flat().sort((a, b) => a - b), Array.from({ length: units }, (_, i) => i));
  }
  const planted = asSets(
    Array.from(
      { length: groups },
      (_, g) => Array.from({ length: units }, (_, i) => i).filter((i) => i % groups === g),
    ),
  );
  assert(found.some((one) => asSets(one).join(";") === planted.join(";")));
});

Deno.test("units that are active together are found as groups", () => {
  const [tokens, units, groups] = [60, 12, 3];
  const stream = split(3, "active");
  const hidden = Float64Array.from({ length: tokens * units }, (_, i) => {
    const [t, unit] = [Math.floor(i / units), i % units];
    return unit % groups === t % groups || stream.uniform() < 0.1 ? 1 : -1;
  });
  const counts = coActivations(hidden, units);
  assertEquals(counts[0], 0, "a unit is not counted with itself");
  assertEquals(counts[1 * units + 4], counts[4 * units + 1]);
  assertLess(3 * counts[0 * units + 1], counts[0 * units + 3]);
  assertEquals(
    asSets(connectedUnits(counts, { groups })),
    ["0,3,6,9", "1,10,4,7", "11,2,5,8"].map(
      (own) => own.split(",").map(Number).sort((a, b) => a - b).join(),
    ).sort(),
  );
});

Deno.test("no swap of two units keeps more activity within groups", () => {
  const counts = (seed: number, units: number) => {
    const stream = split(seed, "counts");
    const matrix = new Float64Array(units * units);
    for (let i = 0; i < units; i++) {
      for (let j = 0; j < i; j++) {
        matrix[i * units + j] = matrix[j * units + i] = stream.int(0, 20);
      }
    }
    return matrix;
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99 }), fc.constantFrom(2, 3, 4), (seed, groups) => {
      const matrix = counts(seed, 12);
      const found = connectedUnits(matrix, { groups, rounds: 50 });
      assertEquals(found.flat().sort((a, b) => a - b), Array.from({ length: 12 }, (_, i) => i));
      const within = (all: number[][]) =>
        all.reduce(
          (sum, own) =>
            sum + own.reduce((s, a) => s + own.reduce((t, b) => t + matrix[a * 12 + b], 0), 0),
          0,
        );
      for (let g = 0; g < groups; g++) {
        for (let h = 0; h < g; h++) {
          for (let at = 0; at < (12 / groups) ** 2; at++) {
            const other = found.map((own) => [...own]);
            const [i, j] = [Math.floor(at / (12 / groups)), at % (12 / groups)];
            [other[g][i], other[h][j]] = [other[h][j], other[g][i]];
            assert(within(other) <= within(found));
          }
        }
      }
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test(
  "all parts of a model are the model, however they are grouped, and parts are joined again",
  withDevice(async (_, device) => {
    const batch = smallBatch(2, 12);
    const logitsOf = async (made: ReturnType<typeof moefication> | typeof source) => {
      const recipe = "recipe" in made ? made.recipe : undefined;
      const options = { sequences: 2, length: 12, seed: 1, recipe };
      const trainer = createTrainer(device, made.model, options);
      writeWeights(device, trainer, made);
      const logits = await trainer.logits(batch);
      trainer.close();
      return logits;
    };
    const wanted = await logitsOf(source);
    const activations = (layer: number) =>
      hiddenUnits(networkAt(source, layer), {
        ...{ x: normals(split(1, "inputs"), 20 * 24), activation: "swiglu" },
      });
    const apart = (logits: Float32Array) =>
      logits.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted[i])), 0);
    for (const by of ["neighbours", "random", "clusters", "co-activation"] as const) {
      const parts = moefication(source, { experts: 4, topK: 4, by, seed: 7, activations });
      assertLess(apart(await logitsOf(parts)), 1e-4, by);
      assertLess(apart(await logitsOf(joinExperts(parts))), 1e-4, `${by}, joined`);
      assertEquals(parameters(joinExperts(parts).model).total, parameters(source.model).total);
      const few = moefication(source, { experts: 4, topK: 1, by, seed: 7, activations });
      assertLess(1e-2, apart(await logitsOf(few)), `${by}, one part alone`);
    }
  }),
);

Deno.test("EMoE scores an expert by the mean of what its units read", () => {
  const { weights } = moefication(source, {
    ...{ experts: 4, topK: 2, by: "neighbours", seed: 1, averaged: true },
  });
  const up = source.weights["layers.1.ffn.up"].data;
  const router = weights["layers.1.gate.router"];
  assertEquals(router.shape, [24, 4]);
  // Row 5, expert 2: units 12 to 17.
  const own = up.subarray(5 * 24 + 12, 5 * 24 + 18);
  assertAlmostEquals(router.data[5 * 4 + 2], own.reduce((a, b) => a + b, 0) / 6, 1e-6);
  assertEquals(partsGate(3).scale, 3);
});

Deno.test("copies are copies; renewed units are a share, others in each, of the same spread", () => {
  const copied = upcycle(source, { experts: 3, topK: 2, seed: 1, layers: [1] });
  const dense = source.weights["layers.1.ffn.up"].data;
  const bank = copied.weights["layers.1.moe.up"].data;
  for (let e = 0; e < 3; e++) {
    assertEquals(bank.subarray(e * dense.length, (e + 1) * dense.length), dense);
  }
  assertEquals(copied.weights["layers.0.ffn.up"], source.weights["layers.0.ffn.up"]);
  assertEquals(copied.weights["layers.1.moe.router"].shape, [24, 3]);

  const network = { ...randomNetwork(400, 2, 32) };
  network.up = network.up.map((w, i) => i < 32 * 400 ? 3 + 0.5 * w : w);
  const renewed = renewUnits(network, { share: 0.25, stream: split(1, "renewed") });
  const changed = Array.from({ length: 400 }, (_, unit) => unit)
    .filter((unit) => renewed.up[unit] !== network.up[unit]);
  assertEquals(changed.length, 100);
  for (const unit of changed) {
    assert(renewed.up[(32 + 7) * 400 + unit] !== network.up[(32 + 7) * 400 + unit]);
    assert(renewed.down[unit * 32] !== network.down[unit * 32]);
  }
  const values = Array.from(
    { length: 32 },
    (_, row) => changed.map((u) => renewed.up[row * 400 + u]),
  )
    .flat();
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length);
  assertAlmostEquals(mean, 3, 0.05);
  assertAlmostEquals(deviation, 0.5, 0.03);

  const dropped = upcycle(source, { experts: 2, topK: 1, seed: 1, renewed: 0.5 });
  const down = dropped.weights["layers.0.moe.down"].data;
  const kept = (e: number) =>
    Array.from({ length: 24 }, (_, unit) => unit).filter((unit) =>
      down[(e * 24 + unit) * 24] === source.weights["layers.0.ffn.down"].data[unit * 24]
    );
  assertEquals([kept(0).length, kept(1).length], [12, 12]);
  assert(kept(0).join() !== kept(1).join(), "other units begin anew in each expert");
});

Deno.test("residual experts give nothing at first, and masks set their share to 0", () => {
  const made = residualExperts(source, { experts: 4, topK: 2, width: 6, seed: 1 });
  const { data } = made.weights["layers.0.moe.down"];
  assertEquals([data.length, data.every((w) => w === 0)], [4 * 6 * 24, true]);
  assertEquals(made.weights["layers.0.ffn.up"].data, source.weights["layers.0.ffn.up"].data);
  assertEquals(Object.keys(made.weights).filter(isCore).length, 4);
  const spawned = spawnExperts(source, { experts: 4, topK: 2, seed: 1, masked: 0.25 });
  const up = spawned.weights["layers.0.moe.up"].data;
  const zeros = up.filter((w) => w === 0).length / up.length;
  assertAlmostEquals(zeros, 0.25, 0.03);
  const half = up.length / 4;
  assert(up.subarray(0, half).some((w, i) => (w === 0) !== (up[half + i] === 0)));
});

Deno.test("what cannot become a mixture so is refused", () => {
  const sparse = upcycle(source, { experts: 2, topK: 1, seed: 1 });
  const refused: [() => unknown, message: string][] = [
    [
      () => upcycle(sparse, { experts: 2, topK: 1, seed: 1 }),
      "found experts, wanted dense networks",
    ],
    [
      () => upcycle(source, { experts: 2, topK: 1, seed: 1, renewed: 1.5 }),
      "Cannot begin a share of 1.5 anew: wanted 0 to 1",
    ],
    [
      () => moefication(source, { experts: 7, topK: 1, by: "clusters", seed: 1 }),
      "Cannot cut 24 hidden units into 7 equal experts",
    ],
    [
      () => moefication(source, { experts: 4, topK: 1, by: "co-activation", seed: 1 }),
      "found no activations, wanted [T, F] of each layer",
    ],
    [
      () => spawnExperts(source, { experts: 4, topK: 1, seed: 1, masked: 1 }),
      "Cannot mask a share of 1 of the weights",
    ],
    [() => joinExperts(source), "found dense networks, wanted routed experts alone"],
    [() => schemeById("emoe").apply([sparse], { seed: 1 }), "found experts, wanted dense networks"],
  ];
  for (const [make, message] of refused) assertThrows(make, TypeError, message);
});
