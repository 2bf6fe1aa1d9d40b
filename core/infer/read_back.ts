/**
 * What the host reads of a pass: logits, and where the routers sent each token.
 *
 * @module
 */
import { type Device, download, type HostArray, type Tensor } from "../../kernels/mod.ts";
import type { PassLeft } from "./forward.ts";

/** What the router of a layer chose, token by token. */
export interface LayerRoutes {
  /** Index of the layer. */
  layer: number;
  /** Experts of each token [T, K], in the order of the weights. */
  ids_TK: Uint32Array;
  /** Their weights [T, K]. */
  weights_TK: Float32Array;
  /** The router's logits [T, E], before any score or bias, where they were asked for. */
  logits_TE?: Float32Array;
}

/** What reading tokens gives. */
export interface ReadResult {
  /** Logits [V] of the last token, or [T, V] where all were asked for. */
  logits: Float32Array;
  /** The choices of layers with experts, where they were asked for. */
  routes: LayerRoutes[];
}

/** Matrices [T, some columns] side by side. */
export function sideBySide(
  parts: readonly Float32Array[],
  widths: readonly number[],
): Float32Array {
  if (parts.length === 1) return parts[0];
  const width = widths.reduce((a, b) => a + b, 0);
  const rows = parts[0].length / widths[0];
  const all = new Float32Array(rows * width);
  let column = 0;
  parts.forEach((part, i) => {
    for (let row = 0; row < rows; row++) {
      all.set(part.subarray(row * widths[i], (row + 1) * widths[i]), row * width + column);
    }
    column += widths[i];
  });
  return all;
}

const concatenated = <A extends Float32Array | Uint32Array>(
  arrays: readonly A[],
  make: (length: number) => A,
): A => {
  if (arrays.length === 1) return arrays[0];
  const all = make(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
};

/** The results of passes over one text, one behind the other. */
export function resultsJoined(results: readonly ReadResult[]): ReadResult {
  const floats = (arrays: Float32Array[]) => concatenated(arrays, (n) => new Float32Array(n));
  const routes = results[0].routes.map(({ layer, logits_TE }, i): LayerRoutes => ({
    layer,
    ids_TK: concatenated(results.map((r) => r.routes[i].ids_TK), (n) => new Uint32Array(n)),
    weights_TK: floats(results.map((r) => r.routes[i].weights_TK)),
    ...logits_TE && { logits_TE: floats(results.map((r) => r.routes[i].logits_TE!)) },
  }));
  return { logits: floats(results.map(({ logits }) => logits)), routes };
}

/** All tensors that a pass left. */
export const passTensors = ({ logits, routes }: PassLeft): Tensor[] => [
  ...logits,
  ...routes.flatMap(({ routing: { ids, weights, logits } }) => [ids, weights, logits]),
];

/** What is read of a layer's choice, in this order. */
const readOf = ({ ids, weights, logits }: PassLeft["routes"][number]["routing"], all: boolean) =>
  all ? [ids, weights, logits] : [ids, weights];

/** Waits for a pass, once, and reads it; where nothing is wanted of it, does not wait. */
export async function readPass(
  device: Device,
  left: PassLeft,
  options: { routes: boolean | "logits" },
): Promise<ReadResult> {
  const { logits, routes } = options.routes ? left : { ...left, routes: [] };
  const withLogits = options.routes === "logits";
  const tensors = [...logits, ...routes.flatMap(({ routing }) => readOf(routing, withLogits))];
  const values = tensors.length > 0 ? await download<HostArray>(device, tensors) : [];
  const parts = values.slice(0, logits.length) as Float32Array[];
  return {
    logits: parts.length > 0
      ? sideBySide(parts, logits.map(({ shape: [, columns] }) => columns))
      : new Float32Array(),
    routes: routes.map(({ layer }, i): LayerRoutes => {
      const each = withLogits ? 3 : 2;
      const at = logits.length + each * i;
      return {
        layer,
        ids_TK: values[at] as Uint32Array,
        weights_TK: values[at + 1] as Float32Array,
        ...withLogits && { logits_TE: values[at + 2] as Float32Array },
      };
    }),
  };
}
