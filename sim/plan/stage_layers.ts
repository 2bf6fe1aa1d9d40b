/**
 * How many layers each stage and chunk gets where a plan does not say.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import type { Plan } from "./plan.ts";

/** What decides how many parts a model is cut into. */
export type Cut = Pick<Plan, "pp" | "vpp" | "schedule">;

/** Chunks that a stage holds. */
export function stageChunks({ vpp, schedule }: Cut): number {
  return scheduleFacts[schedule].chunks === 2 ? 2 : vpp;
}

/** Parts that the model is cut into; dualpipe holds each of its parts twice. */
export function modelParts(cut: Cut): number {
  return cut.schedule === "dualpipe" ? cut.pp : cut.pp * stageChunks(cut);
}

/** The part of the model that a chunk of a stage is. */
export function modelPart(cut: Cut, at: { stage: number; chunk: number }): number {
  const { stage, chunk } = at;
  switch (scheduleFacts[cut.schedule].placement) {
    case "straight":
      return chunk * cut.pp + stage;
    case "vee":
      return chunk === 0 ? stage : 2 * cut.pp - 1 - stage;
    case "two-way":
      return chunk === 0 ? stage : cut.pp - 1 - stage;
  }
}

/** Equal parts if `first` and `last` count as layers too, or undefined. */
function withEnds(layers: number, parts: number, ends: [first: number, last: number]) {
  const [first, last] = ends;
  const each = (layers + first + last) / parts;
  const most = parts === 1 ? first + last : Math.max(first, last);
  if (!Number.isInteger(each) || each < most) return undefined;
  return Array.from(
    { length: parts },
    (_, i) => each - (i === 0 ? first : 0) - (i === parts - 1 ? last : 0),
  );
}

/**
 * Layers of each part: equal ones; else equal if embedding and head count as a layer each, as
 * Megatron can be told to; else full parts with the rest on the last; else equal with a head that
 * counts as two; else as near to equal as can be, longer parts first.
 */
export function partLayers(layers: number, parts: number): number[] {
  const most = Math.ceil(layers / parts);
  const rest = layers - most * (parts - 1);
  const filled = rest > 0
    ? Array.from({ length: parts }, (_, i) => i === parts - 1 ? rest : most)
    : undefined;
  return withEnds(layers, parts, [0, 0]) ?? withEnds(layers, parts, [1, 1]) ?? filled ??
    withEnds(layers, parts, [1, 2]) ??
    Array.from({ length: parts }, (_, i) => Math.floor((layers + parts - 1 - i) / parts));
}

/** Layers of stages by number of layers and cut: plans of a search share them. */
const remembered = new Map<string, number[][] | undefined>();

/** The layers of every chunk, `[stage][chunk]`; undefined where all are equal. Not to be changed. */
export function defaultStageLayers(
  layers: number,
  cut: Cut,
): readonly (readonly number[])[] | undefined {
  const key = `${layers}/${cut.pp}/${cut.vpp}/${cut.schedule}`;
  if (!remembered.has(key)) remembered.set(key, dealt(layers, cut));
  return remembered.get(key);
}

function dealt(layers: number, cut: Cut): number[][] | undefined {
  const counts = partLayers(layers, modelParts(cut));
  if (counts.every((count) => count === counts[0])) return undefined;
  return Array.from({ length: cut.pp }, (_, stage) =>
    Array.from(
      { length: stageChunks(cut) },
      (_, chunk) => counts[modelPart(cut, { stage, chunk })],
    ));
}
