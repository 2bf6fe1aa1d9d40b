/**
 * Which layers a pipeline stage holds, where they do not divide evenly.
 *
 * Publishers split uneven depths in three ways: with a layout in Megatron's notation, by counting
 * the embedding and the loss as a layer each (the loss as two beside modules for further tokens), or
 * front to back with the rest on the last chunk. Where no layout is printed the cut is that of a plan
 * that says nothing, which gives the layouts of all recipes that are known. Modules for further
 * tokens and the loss follow the last layer whatever its chunk holds.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Plan } from "../../sim/plan/plan.ts";
import {
  type Cut,
  defaultStageLayers,
  modelPart,
  modelParts,
  stageChunks,
} from "../../sim/plan/stage_layers.ts";

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
 * const cut = { pp: 2, vpp: 2, schedule: "interleaved" } as const;
 * assertEquals(stageLayers(8, cut), undefined);
 * assertEquals(stageLayers(6, cut), [[1, 2], [2, 1]]);
 * ```
 */
export function stageLayers(
  layers: number,
  options: Cut & { layout?: string },
): Plan["stageLayers"] {
  const { layout, ...cut } = options;
  if (layout === undefined) return defaultStageLayers(layers, cut);
  const parts = layoutLayers(layout);
  const held = parts.reduce((a, b) => a + b, 0);
  if (parts.length !== modelParts(cut) || held !== layers) {
    throw new UserError(
      `Cannot use pipeline layout "${layout}": found ${held} layers in ${parts.length} chunks, ` +
        `wanted ${layers} layers in ${cut.pp} x ${modelParts(cut) / cut.pp} chunks`,
    );
  }
  return Array.from({ length: cut.pp }, (_, stage) =>
    Array.from(
      { length: stageChunks(cut) },
      (_, chunk) => parts[modelPart(cut, { stage, chunk })],
    ));
}
