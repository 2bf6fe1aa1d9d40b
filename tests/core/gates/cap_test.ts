import fc from "fast-check";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../kernels/base/errors.ts";
import type { DropOrder } from "../../../core/arrays/arrays.ts";
import { NONE } from "../../../core/arrays/arrays.ts";
import { hostArrays } from "../../../core/arrays/host_arrays.ts";
import { type HostIndices, hostIndices, hostMatrix } from "../../../core/arrays/host_matrix.ts";
import type { GateShape } from "../../../core/gates/gate.ts";
import { applyCap } from "../../../core/gates/cap/cap.ts";
import { capacityOf, type CapacityOptions } from "../../../core/gates/cap/capacity.ts";
import type { CapSpec } from "../../../core/gates/cap/specs.ts";

const shapeOf = (given: Partial<GateShape>): GateShape => ({
  ...{ dModel: 2, experts: 4, topK: 1, tokens: 8, length: 4, vocabulary: 4, tags: 1 },
  ...{ layer: 0, layers: 1 },
  ...given,
});
const column = (...ids: number[]) => hostIndices([ids.length, 1], ids);
const countsOf = ({ data }: HostIndices, experts: number) => {
  const counts = new Uint32Array(experts);
  data.forEach((id) => id !== NONE && counts[id]++);
  return [...counts];
};

Deno.test("capacity is ceil(factor K T / E), of a batch or of a sequence", () => {
  const places = (spec: CapSpec, shape: Partial<GateShape>, options?: CapacityOptions) =>
    capacityOf(spec, shapeOf(shape), options).places;
  const factor = { kind: "factor", factor: 1.25, order: "sequence" } as const;
  assertEquals(places(factor, { tokens: 64, topK: 2, experts: 8 }), 20);
  assertEquals(places(factor, { tokens: 8, experts: 4 }), 3);
  assertEquals(places({ ...factor, group: "sequence" }, { length: 4 }), 2);
  const evaluated = { ...factor, evaluation: 2 };
  assertEquals(places(evaluated, { tokens: 8 }, { training: false }), 4);
  assertEquals(places(evaluated, { tokens: 8 }), 3);
  // 1.1 times 10 is a little above 11 in binary.
  assertEquals(places({ ...factor, factor: 1.1 }, { tokens: 10, length: 5, experts: 1 }), 11);
  const device = { kind: "device", devices: 2, factor: 1, kept: 0.1 } as const;
  assertEquals(places(device, { tokens: 8, topK: 2 }), 8);
});

Deno.test("two kinds of experts share one room", () => {
  const spec = { kind: "two-kinds", factor: 1.1, share: 0.75 } as const;
  const shape = shapeOf({ experts: 10, tokens: 100, topK: 2 });
  const { places, zeroPlaces } = capacityOf(spec, shape, { zero: 2 });
  assertEquals([places, zeroPlaces], [Math.ceil(165 / 8), Math.ceil(220 / 8)]);
  const plain = capacityOf({ kind: "factor", factor: 1.1, order: "sequence" }, shape).places;
  assertEquals(capacityOf(spec, shape).places, plain);
});

Deno.test("room for less than one choice is refused, with the nearest factor that gives one", () => {
  const spec = { kind: "factor", factor: 0.5, order: "sequence" } as const;
  const shape = shapeOf({ tokens: 8, experts: 12, length: 8 });
  assertThrows(() => capacityOf(spec, shape), UserError, "nearest factor that works: 1.5");
  const { places } = capacityOf({ ...spec, factor: 1.5 }, shape);
  assertEquals(places, 1);
  const uneven = shapeOf({ tokens: 9, length: 9, experts: 13 });
  assertThrows(() => capacityOf(spec, uneven), UserError, "nearest factor that works: 1.4445");
  assertEquals(capacityOf({ ...spec, factor: 1.4445 }, uneven).places, 2);
  assertThrows(
    () => capacityOf({ ...spec, factor: 1, group: "sequence" }, shapeOf({ length: 5 })),
    RangeError,
    "sequences of 5 in a batch of 8",
  );
});

const cases = fc.record({
  experts: fc.integer({ min: 1, max: 6 }),
  topK: fc.integer({ min: 1, max: 3 }),
  sequences: fc.integer({ min: 1, max: 3 }),
  order: fc.constantFrom<DropOrder>("sequence", "priority", "random"),
  group: fc.constantFrom<"sequence" | undefined>("sequence", undefined),
  factor: fc.double({ min: 1, max: 2, noNaN: true }),
  seed: fc.nat(),
});

Deno.test("capacity is never exceeded, in any order, by batch or by sequence", () => {
  fc.assert(
    fc.property(cases, ({ experts, topK, sequences, order, group, factor, seed }) => {
      const length = 6;
      const tokens = length * sequences;
      const shape = shapeOf({ experts, topK, tokens, length });
      const g = hostArrays({ seed });
      const ids = g.randomIds("wanted", [tokens, topK], experts);
      const gates = g.noise("gates", "uniform", [tokens, experts]);
      const spec: CapSpec = { kind: "factor", factor, order, group };
      const kept = applyCap({ g, spec, shape, ids, gates, training: true });
      const room = capacityOf(spec, shape);
      kept.data.forEach((id, i) => assert(id === NONE || id === ids.data[i]));
      for (let first = 0; first < tokens; first += room.tokens) {
        const data = kept.data.subarray(first * topK, (first + room.tokens) * topK);
        const part = { shape: [room.tokens, topK], data } as const;
        assert(countsOf(part, experts).every((n) => n <= room.places));
      }
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("each sequence has its own room", () => {
  const shape = shapeOf({ experts: 2, tokens: 8, length: 4 });
  const ids = column(0, 0, 0, 1, 1, 1, 1, 0);
  const g = hostArrays({ seed: 1 });
  const spec = { kind: "factor", factor: 1, order: "sequence", group: "sequence" } as const;
  const kept = applyCap({ g, spec, shape, ids, training: true });
  assertEquals([...kept.data], [0, 0, NONE, 1, 1, 1, NONE, 0]);
});

Deno.test("by priority tokens with large weights stay; a gate without weights is refused", () => {
  const shape = shapeOf({ experts: 2, tokens: 4 });
  const spec = { kind: "factor", factor: 1, order: "priority" } as const;
  const run = { g: hostArrays({ seed: 1 }), spec, shape, ids: column(0, 0, 0, 1), training: true };
  const gates = hostMatrix([4, 2], [0.6, 0, 0.9, 0, 0.8, 0, 0, 0.3]);
  assertEquals([...applyCap({ ...run, gates }).data], [NONE, 0, 0, 1]);
  assertThrows(() => applyCap(run), UserError, "this gate has no weights");
});

Deno.test("a choice that is none already stays so and takes no room", () => {
  const shape = shapeOf({ experts: 2, tokens: 4 });
  const spec = { kind: "factor", factor: 1, order: "sequence" } as const;
  const ids = column(NONE, 0, 0, 0);
  const kept = applyCap({ g: hostArrays({ seed: 1 }), spec, shape, ids, training: true });
  assertEquals([...kept.data], [NONE, 0, 0, NONE]);
});

Deno.test("networks and other experts have room of their own", () => {
  const shape = shapeOf({ experts: 2, tokens: 8, topK: 1 });
  const spec = { kind: "two-kinds", factor: 1, share: 0.5 } as const;
  const options = { g: hostArrays({ seed: 1 }), spec, shape, zero: 1, training: true };
  // 8 / (0.5 + 1): 3 places for the network, 6 for the other.
  const kept = applyCap({ ...options, ids: column(0, 0, 0, 0, 1, 1, 1, 1) });
  assertEquals([...kept.data], [0, 0, 0, NONE, 1, 1, 1, 1]);
  const others = applyCap({ ...options, ids: column(1, 1, 1, 1, 1, 1, 1, 0) });
  assertEquals([...others.data], [1, 1, 1, 1, 1, 1, NONE, 0]);
});

const device = { kind: "device", devices: 2, factor: 1, kept: 0 } as const;

Deno.test("a device keeps its largest weights, whichever of its experts they are for", () => {
  const shape = shapeOf({ experts: 4, tokens: 4, topK: 1 });
  const gates = hostMatrix([4, 4], [
    ...[0.5, 0, 0, 0],
    ...[0, 0.9, 0, 0],
    ...[0.7, 0, 0, 0],
    ...[0, 0, 0, 0.1],
  ]);
  const run = { g: hostArrays({ seed: 1 }), spec: device, shape, gates, ids: column(0, 1, 0, 3) };
  assertEquals([...applyCap({ ...run, training: true }).data], [NONE, 1, 0, 3]);
  assertEquals([...applyCap({ ...run, training: false }).data], [0, 1, 0, 3]);
});

Deno.test("devices keep exactly their budget, and all of the sequences that are never dropped", () => {
  const shape = shapeOf({ experts: 4, tokens: 400, topK: 2, length: 4 });
  const run = (kept: number, factor: number, gates?: ReturnType<typeof hostMatrix>) => {
    const g = hostArrays({ seed: 5 });
    const weights = gates ?? g.noise("gates", "uniform", [400, 4]);
    const ids = g.topK(weights, 2);
    const spec = { ...device, kept, factor };
    const result = applyCap({ g, spec, shape, ids, gates: weights, training: true });
    return { wanted: ids.data, kept: result.data };
  };
  const loads = (ids: Uint32Array) => {
    const [a, b, c, d] = countsOf({ shape: [400, 2], data: ids }, 4);
    return [a + b, c + d];
  };
  const half = run(0, 0.5);
  assertEquals(loads(half.kept), [200, 200]);
  const whole = run(1, 0.5);
  assertEquals(whole.kept, whole.wanted);
  const some = run(0.1, 0.5);
  const safe = Array.from({ length: 100 }, (_, s) => s).filter((s) =>
    some.kept.subarray(8 * s, 8 * s + 8).every((id) => id !== NONE)
  );
  assert(safe.length >= 5);
  assertAlmostEquals(loads(some.kept)[0], 200, 1);
});

Deno.test("a choice of weight 0 comes before what was not chosen", () => {
  const shape = shapeOf({ experts: 2, tokens: 2, length: 2, topK: 1 });
  const gates = hostMatrix([2, 2], [0, 0, 0, 0]);
  const options = { g: hostArrays({ seed: 1 }), spec: device, shape, gates, training: true };
  assertEquals([...applyCap({ ...options, ids: column(1, 0) }).data], [1, 0]);
});

Deno.test("devices hold equally many experts", () => {
  const shape = shapeOf({ experts: 4 });
  const gates = hostMatrix([8, 4], new Float64Array(32));
  const ids = column(...new Array(8).fill(0));
  const spec = { ...device, devices: 3 };
  assertThrows(
    () => applyCap({ g: hostArrays({ seed: 1 }), spec, shape, ids, gates, training: true }),
    UserError,
    "nearest number of devices that works: 2",
  );
});
