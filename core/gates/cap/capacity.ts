/**
 * How many choices an expert has room for.
 *
 * The rule is ceil(factor K T / E): with a factor of 1 there is room for every choice if they fall
 * equally, and a larger factor leaves a margin (GShard, arXiv 2006.16668; Switch, arXiv 2101.03961).
 *
 * @module
 */
import { UserError } from "../../../kernels/mod.ts";
import type { GateShape } from "../gate.ts";
import type { CapSpec } from "./specs.ts";

/** What room depends on beside sizes. */
export interface CapacityOptions {
  /** Whether the model is trained; true where absent. */
  training?: boolean;
  /** Experts without a network, which come last; 0 where absent. */
  zero?: number;
}

/** Room, in choices. */
export interface Capacity {
  /** Of what there is so much room: of an expert in a group of tokens, or of a device. */
  of: "expert" | "device";
  /** Of an expert that is a network, or of a device. */
  places: number;
  /** Of an expert that is none. */
  zeroPlaces: number;
  /** Tokens that share the room. */
  tokens: number;
}

/** Numbers like 1.1 * 10 lie a little above the whole number that is meant. */
const roundedUp = (places: number) => Math.ceil(places - 1e-9);

/** A factor in few digits, not below what it was. */
const readable = (factor: number) => Math.ceil(factor * 1e4 - 1e-6) / 1e4;

/** Throws where a factor leaves less than a place. */
function requirePlace(spec: CapSpec, { factor, perFactor }: { factor: number; perFactor: number }) {
  if (factor * perFactor >= 1 - 1e-9) return;
  throw new UserError(
    `Gave room by "${spec.kind}" with a factor of ${factor}, which is ${
      (factor * perFactor).toPrecision(2)
    } choices, wanted at least 1; nearest factor that works: ${readable(1 / perFactor)}`,
  );
}

/**
 * The room that a rule leaves.
 *
 * @throws {UserError} where that is under one choice.
 * @throws {RangeError} where a batch is no whole number of sequences.
 *
 * @example
 * ```ts
 * import { capacityOf } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { dModel: 8, experts: 8, topK: 2, tokens: 64, length: 16, vocabulary: 9 };
 * const { places } = capacityOf(
 *   { kind: "factor", factor: 1.25, order: "sequence" },
 *   { ...shape, tags: 1, layer: 0, layers: 1 },
 * );
 * assertEquals(places, 20);
 * ```
 */
export function capacityOf(
  spec: CapSpec,
  shape: GateShape,
  { training = true, zero = 0 }: CapacityOptions = {},
): Capacity {
  const { experts, topK, length } = shape;
  if (spec.kind === "two-kinds") return roomOfTwoKinds(spec, { shape, zero });
  const tokens = spec.kind === "factor" && spec.group === "sequence" ? length : shape.tokens;
  if (shape.tokens % tokens !== 0) {
    throw new RangeError(
      `Gave room to sequences of ${tokens} in a batch of ${shape.tokens} tokens`,
    );
  }
  const factor = spec.kind === "factor" && !training ? spec.evaluation ?? spec.factor : spec.factor;
  const perFactor = tokens * topK / (spec.kind === "device" ? spec.devices : experts);
  requirePlace(spec, { factor, perFactor });
  const places = roundedUp(factor * perFactor);
  return { of: spec.kind === "device" ? "device" : "expert", places, zeroPlaces: places, tokens };
}

/**
 * Networks have `share` of the room of other experts, and all together factor K T choices: MoE++,
 * arXiv 2410.07348. The work's formula has T; with K T a factor of 1 is room for all, as elsewhere.
 */
function roomOfTwoKinds(
  spec: Extract<CapSpec, { kind: "two-kinds" }>,
  { shape: { experts, topK, tokens }, zero }: { shape: GateShape; zero: number },
): Capacity {
  const perFactor = topK * tokens / (spec.share * (experts - zero) + zero);
  const least = perFactor * Math.min(1, spec.share);
  requirePlace(spec, { factor: spec.factor, perFactor: least });
  return {
    of: "expert",
    places: roundedUp(spec.factor * spec.share * perFactor),
    zeroPlaces: roundedUp(spec.factor * perFactor),
    tokens,
  };
}
