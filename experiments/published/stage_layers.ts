/**
 * Which layers a pipeline stage holds, where they do not divide evenly.
 *
 * Publishers split uneven depths in three ways: with a layout in Megatron's notation, by counting
 * the embedding and the loss as a layer each (the loss as two beside modules for further tokens), or
 * front to back with the rest on the last chunk. Where no layout is printed the first that comes out
 * even is taken, which gives the layouts of all recipes that are known. Chunk i of the model is on stage i mod pp; modules for further tokens and the loss follow the last
 * layer whatever its chunk holds.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

/** Repeats "X*n" and "(...)*n" until none is left. */
function expand(layout: string): string {
  const repeated = /(?:\(([^()]*)\)|([A-Za-z]))\*(\d+)/;
  let text = layout.replaceAll(/\s/g, "");
  for (let found = repeated.exec(text); found; found = repeated.exec(text)) {
    const [whole, group, letter, count] = found;
    text = text.replace(whole, (group ?? letter).repeat(Number(count)));
  }
  return text;
}

/**
 * Layers of each chunk in a layout in Megatron's notation: E embedding, t layer, m module for
 * further tokens, L loss, | the end of a chunk, *n repetition.
 *
 * @throws {UserError} for a layout with other letters.
 *
 * @example
 * ```ts
 * import { layoutLayers } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(layoutLayers("Et*2|(t*2|)*2tmL"), [2, 2, 2, 1]);
 * ```
 */
export function layoutLayers(layout: string): number[] {
  const text = expand(layout);
  if (!/^[EtmL|]*$/.test(text)) {
    throw new UserError(
      `Cannot read pipeline layout "${layout}": found "${text}", wanted the letters E, t, m, L ` +
        `and |, such as "Et*4|(t*4|)*14tmL"`,
    );
  }
  return text.split("|").map((chunk) => chunk.split("t").length - 1);
}

/** Chunks of a depth where the ends count as layers, or nothing where these do not divide evenly. */
function withEnds(
  layers: number,
  options: { chunks: number; first: number; last: number },
): number[] | undefined {
  const { chunks, first, last } = options;
  const each = (layers + first + last) / chunks;
  if (!Number.isInteger(each) || each < Math.max(first, last)) return undefined;
  return Array.from(
    { length: chunks },
    (_, i) => each - (i === 0 ? first : 0) - (i === chunks - 1 ? last : 0),
  );
}

/** Equal chunks and the rest on the last, or nothing where that leaves it empty. */
function frontToBack(layers: number, chunks: number): number[] | undefined {
  const most = Math.ceil(layers / chunks);
  if (most * (chunks - 1) >= layers) return undefined;
  return Array.from({ length: chunks }, (_, i) => Math.min(most, layers - most * i));
}

/** Layers of each chunk where they do not divide evenly; see the module. */
function unevenChunks(layers: number, chunks: number): number[] {
  return withEnds(layers, { chunks, first: 1, last: 1 }) ?? frontToBack(layers, chunks) ??
    withEnds(layers, { chunks, first: 1, last: 2 }) ??
    Array.from({ length: chunks }, (_, i) => Math.floor((layers + chunks - 1 - i) / chunks));
}

/**
 * Layers by stage and chunk, or nothing where they divide evenly.
 *
 * @throws {UserError} for a layout that does not hold the layers or fit the chunks.
 *
 * @example
 * ```ts
 * import { stageLayers } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(stageLayers(8, { pp: 2, vpp: 2 }), undefined);
 * assertEquals(stageLayers(6, { pp: 2, vpp: 2 }), [[1, 2], [2, 1]]);
 * ```
 */
export function stageLayers(
  layers: number,
  options: { pp: number; vpp: number; layout?: string },
): number[][] | undefined {
  const { pp, vpp, layout } = options;
  if (layout === undefined && layers % (pp * vpp) === 0) return undefined;
  const chunks = layout === undefined ? unevenChunks(layers, pp * vpp) : layoutLayers(layout);
  const held = chunks.reduce((a, b) => a + b, 0);
  if (chunks.length !== pp * vpp || held !== layers) {
    throw new UserError(
      `Cannot use pipeline layout "${layout}": found ${held} layers in ${chunks.length} chunks, ` +
        `wanted ${layers} layers in ${pp} x ${vpp} chunks`,
    );
  }
  return Array.from(
    { length: pp },
    (_, stage) => Array.from({ length: vpp }, (_, chunk) => chunks[chunk * pp + stage]),
  );
}
