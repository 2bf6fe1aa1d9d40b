/**
 * Layers drawn by seed over the range of a profile, and beyond it.
 *
 * No operator of a drawn layer shares all its dimensions with a profiled shape, neither as it is
 * nor rounded up to tiles: what is compared was never measured before.
 *
 * @module
 */
import { lowerMoeLayer, lowerMoeLayerBackward, type MoeLayerShape } from "../../core/mod.ts";
import { split, type Stream } from "../../kernels/mod.ts";
import { isInside, isProfiled, type Ranges } from "../compare/profiled.ts";

/** A layer to measure and to predict. */
export interface DrawnLayer {
  /** Position in the draw; names its random streams. */
  index: number;
  tokens: number;
  shape: MoeLayerShape;
  /** Exponent of the skew: expert e is favoured by (e + 1) ^ -skew. */
  skew: number;
  /** True where it was drawn to lie within the profiled range. */
  inside: boolean;
}

/** Most weights of a drawn layer, and most rows of its experts: a few layers would take all the time. */
const MOST_WEIGHTS = 5e6;
const MOST_ROWS = 4096;
/** Every so many-th layer lies outside the profiled range. */
const OUTSIDE = 8;
const SKEWS = [0, 0.5, 1];

function logUniform(stream: Stream, low: number, high: number): number {
  return Math.round(Math.exp(Math.log(low) + stream.uniform() * Math.log(high / low)));
}

function draw(stream: Stream, index: number): DrawnLayer {
  const dExpert = logUniform(stream, 64, 512);
  const sharedExperts = stream.int(0, 5) === 0 && dExpert <= 256
    ? 2
    : stream.int(0, 2) === 0
    ? 1
    : 0;
  const shape = {
    dModel: logUniform(stream, 64, 512),
    dExpert,
    experts: logUniform(stream, 4, 32),
    topK: stream.int(1, 4),
    sharedExperts,
    sharedWidth: sharedExperts * dExpert,
  };
  return {
    index,
    tokens: logUniform(stream, 48, 1024),
    shape,
    skew: SKEWS[stream.int(0, SKEWS.length - 1)],
    inside: true,
  };
}

/** Moves one dimension of a layer out of the profiled range. */
function moveOut(layer: DrawnLayer, stream: Stream): DrawnLayer {
  const { shape } = layer;
  const moves: DrawnLayer[] = [
    { ...layer, tokens: stream.int(1100, 1600) },
    { ...layer, shape: { ...shape, dModel: stream.int(530, 800) } },
    {
      ...layer,
      shape: { ...shape, dExpert: stream.int(530, 800), sharedExperts: 0, sharedWidth: 0 },
    },
    { ...layer, shape: { ...shape, experts: stream.int(40, 64) } },
    { ...layer, shape: { ...shape, experts: Math.max(8, shape.experts), topK: stream.int(5, 8) } },
  ];
  return { ...moves[stream.int(0, moves.length - 1)], inside: false };
}

/**
 * Ops of both passes of a layer whose experts share the choices evenly: enough to place it against a
 * profile.
 */
const evenOps = ({ shape, tokens }: DrawnLayer) => [
  ...lowerMoeLayer(shape, tokens),
  ...lowerMoeLayerBackward(shape, tokens),
];

function fits(layer: DrawnLayer, profile: Ranges): boolean {
  const { dModel, dExpert, experts, topK, sharedWidth } = layer.shape;
  if (layer.tokens * topK > MOST_ROWS) return false;
  if (topK > experts || 3 * dModel * (experts * dExpert + sharedWidth) > MOST_WEIGHTS) return false;
  const ops = evenOps(layer);
  return !ops.some((op) => isProfiled(op, profile)) && isInside(ops, profile) === layer.inside;
}

/** `count` layers, every eighth of them with a dimension outside the profiled range. */
export function drawLayers(
  profile: Ranges,
  options: { seed: number; count: number },
): DrawnLayer[] {
  const { seed, count } = options;
  return Array.from({ length: count }, (_, index) => {
    const stream = split(seed, `layers/${index}`);
    for (let attempt = 0; attempt < 10_000; attempt++) {
      const drawn = draw(stream, index);
      const layer = index % OUTSIDE === OUTSIDE - 1 ? moveOut(drawn, stream) : drawn;
      if (fits(layer, profile)) return layer;
    }
    throw new Error(`Found no layer ${index} to compare with the profile`);
  });
}
