/**
 * Layers of pipeline stages as Megatron's layout string says them: "Ettt|(tttt|)*6tttL", where E is
 * the embedding, t a layer, m a module that predicts a further token, L the loss, and | ends a stage;
 * chunks follow each other as the model's parts do.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { scheduleFacts } from "../../pipeline/schedule.ts";
import type { Plan } from "../../plan/plan.ts";
import { modelPart, modelParts, partLayers, stageChunks } from "../../plan/stage_layers.ts";

/** Layers of each part of the model, in order. */
export function layersOfParts(plan: Plan, layers: number): number[] {
  const { stageLayers, pp } = plan;
  if (stageLayers === undefined) return partLayers(layers, modelParts(plan));
  const parts = new Array<number>(modelParts(plan));
  for (let stage = 0; stage < pp; stage++) {
    for (let chunk = 0; chunk < stageChunks(plan); chunk++) {
      parts[modelPart(plan, { stage, chunk })] = stageLayers[stage][chunk];
    }
  }
  return parts;
}

/** The layers of stages and chunks from those of parts; undefined where all are equal. */
export function stageLayersOf(
  parts: readonly number[],
  cut: Pick<Plan, "pp" | "vpp" | "schedule">,
): number[][] | undefined {
  if (parts.every((layers) => layers === parts[0])) return undefined;
  const chunks = scheduleFacts[cut.schedule].chunks === 2 ? 2 : cut.vpp;
  return Array.from(
    { length: cut.pp },
    (_, stage) =>
      Array.from({ length: chunks }, (_, chunk) => parts[modelPart(cut, { stage, chunk })]),
  );
}

const run = (layers: number) => layers > 3 ? `t*${layers}` : "t".repeat(layers);

/** The layout of parts; `modules` that predict further tokens stand before the loss. */
export function formatLayout(parts: readonly number[], modules: number): string {
  const stages = parts.map(run);
  const first = `E${stages[0]}`;
  const last = `${stages.length > 1 ? stages.at(-1) : ""}${"m".repeat(modules)}L`;
  if (stages.length === 1) return first + last;
  const between: string[] = [];
  for (let i = 1; i < stages.length - 1;) {
    let end = i;
    while (end < stages.length - 1 && stages[end] === stages[i]) end++;
    between.push(end - i > 1 ? `(${stages[i]}|)*${end - i}` : `${stages[i]}|`);
    i = end;
  }
  return `${first}|${between.join("")}${last}`;
}

/**
 * Layers of each part from a layout.
 *
 * @throws {UserError} for a letter that is none of E, t, m, L.
 */
export function parseLayout(layout: string): number[] {
  const repeated = (text: string, pattern: RegExp) =>
    text.replaceAll(pattern, (_, what: string, times: string) => what.repeat(Number(times)));
  const flat = repeated(
    repeated(layout.replaceAll(",", ""), /\(([^)]+)\)\*(\d+)/g),
    /(.)\*(\d+)/g,
  );
  const strange = flat.match(/[^EtmL|]/);
  if (strange) {
    throw new UserError(
      `Cannot read the pipeline layout "${layout}": expected the letters E, t, m, L and | but ` +
        `found "${strange[0]}"`,
    );
  }
  return flat.split("|").map((stage) => stage.split("t").length - 1);
}

/** Layers of each part where the first and last stage are given, or count tables as layers. */
export function unevenParts(
  layers: number,
  cut: { pp: number; vpp: number },
  ends: { first?: number; last?: number; embedding?: boolean; loss?: boolean },
): number[] {
  const { pp, vpp } = cut;
  const { first, last, embedding, loss } = ends;
  const stages = new Array<number>(pp);
  if (first !== undefined || last !== undefined) {
    const open = pp - (first === undefined ? 0 : 1) - (last === undefined ? 0 : 1);
    stages.fill((layers - (first ?? 0) - (last ?? 0)) / Math.max(1, open));
    if (first !== undefined) stages[0] = first;
    if (last !== undefined) stages[pp - 1] = last;
    return Array.from({ length: pp * vpp }, (_, part) => stages[part % pp] / vpp);
  }
  const each = (layers + (embedding ? 1 : 0) + (loss ? 1 : 0)) / (pp * vpp);
  const parts = new Array<number>(pp * vpp).fill(each);
  if (embedding) parts[0]--;
  if (loss) parts[parts.length - 1]--;
  return parts;
}
