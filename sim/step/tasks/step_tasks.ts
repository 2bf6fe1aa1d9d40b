/**
 * The tasks of a whole step: stages, what travels between them, and what ends it.
 *
 * The update waits for the gradients of all ranks, since they are clipped by their common norm. What
 * every step adds beside (`fixedSeconds`) comes last.
 *
 * @module
 */
import type { PipelineProgram } from "../../pipeline/program.ts";
import { NO_LANE } from "../../engine/graph.ts";
import { pathOf } from "../../pipeline/program.ts";
import { dataExchange, parametersOf } from "./data_exchanges.ts";
import type { ItemSite } from "./layer_items.ts";
import { lineOf } from "./line.ts";
import type { StepExchange } from "./parts.ts";
import { scriptsOf } from "./scripts.ts";
import type { StageLayer } from "./stage_layers.ts";
import {
  addStage,
  createLabels,
  type Labels,
  type Sending,
  type StageRows,
} from "./stage_tasks.ts";
import { NO_ROW, type StepGraph } from "./step_graph.ts";

/** What the tasks of a step follow from. */
export interface StepSource {
  /** Costs, with speeds of the ranks of every stage. */
  sites: readonly ItemSite[];
  /** Layers by `[stage][chunk]`. */
  layers: readonly (readonly (readonly StageLayer[])[])[];
  /** What every stage does. */
  programs: readonly PipelineProgram[];
}

/** Where outputs go: for each direction, the place after a place, or undefined at the ends. */
function pathsOf({ shape }: PipelineProgram) {
  const steps = (microBatch: number) => {
    const path = pathOf(shape, microBatch);
    const after = new Map<string, (typeof path)[number]>();
    const before = new Map<string, (typeof path)[number]>();
    path.forEach((place, i) => {
      const key = `${place.stage}/${place.chunk}`;
      if (i > 0) before.set(key, path[i - 1]);
      if (i + 1 < path.length) after.set(key, path[i + 1]);
    });
    return { after, before };
  };
  const ways = [steps(0), steps(shape.microBatches - 1)];
  return (phase: "F" | "B", at: { stage: number; chunk: number; microBatch: number }) => {
    const way = ways[at.microBatch < shape.microBatches / 2 ? 0 : 1];
    return (phase === "F" ? way.after : way.before).get(`${at.stage}/${at.chunk}`);
  };
}

/** Activations, or their gradients, between stages. */
function sendOf(site: ItemSite): StepExchange {
  const { costed, sizes } = site;
  const classes = site.speeds.length;
  const bytes = new Float64Array(classes).fill(costed.split.ownTokens * sizes.dModel * 2);
  return {
    ...{ name: "send", kind: "pipeline", stream: "pipeline", blockShare: 0, alone: false },
    seconds: new Float64Array(classes).fill(costed.sendSeconds),
    outside: !costed.groups.stagesTogether,
    ...{ sentBytes: bytes, receivedBytes: bytes },
  };
}

const forwardOf = (phase: string) => phase === "F" ? "F" : "B";
const passesOn = (phase: string) => phase !== "W";

/** Adds all stages, and lets each operation wait for what it gets from another stage. */
function addStages(to: StepGraph, source: StepSource, labels: Labels): StageRows[] {
  const { sites, layers, programs } = source;
  const nextOf = pathsOf(programs[0]);
  const exchange = sendOf(sites[0]);
  const blocks = !sites[0].plan.overlap.pipeline;
  const rows = programs.map((program, stage) => {
    const { operations } = program;
    const of = { site: sites[stage], stage, chunks: layers[stage] };
    const line = lineOf(program, scriptsOf(program, of), sites[stage].plan);
    const sendingOf = (at: number): Sending | undefined => {
      const { phase, chunk, microBatch } = operations[at];
      if (!passesOn(phase)) return undefined;
      const next = nextOf(forwardOf(phase), { stage, chunk, microBatch });
      return next && next.stage !== stage ? { to: next.stage, exchange, blocks } : undefined;
    };
    return addStage(to, { stage, operations: operations.length, line, sendingOf, labels });
  });
  const key = (phase: string, at: { stage: number; chunk: number }, microBatch: number) =>
    `${forwardOf(phase)}/${at.stage}/${at.chunk}/${microBatch}`;
  const begins = new Map<string, number>();
  const each = (
    use: (stage: number, at: number, op: PipelineProgram["operations"][number]) => void,
  ) =>
    programs.forEach(({ operations }, stage) =>
      operations.forEach((op, at) => passesOn(op.phase) && use(stage, at, op))
    );
  each((stage, at, { phase, chunk, microBatch }) => {
    begins.set(key(phase, { stage, chunk }, microBatch), rows[stage].first[at]);
  });
  each((stage, at, { phase, chunk, microBatch }) => {
    const sent = rows[stage].sent[at];
    if (sent === NO_ROW) return;
    const next = nextOf(forwardOf(phase), { stage, chunk, microBatch })!;
    to.after(begins.get(key(phase, next, microBatch))!, sent);
  });
  return rows;
}

/** Adds what a stage does after its last micro-batch, up to the update. */
function addGradients(to: StepGraph, rows: StageRows, of: {
  site: ItemSite;
  stage: number;
  layers: readonly StageLayer[];
  labels: Labels;
}): void {
  const { plan, costed } = of.site;
  const seconds = costed.perStep[of.stage].gradientSeconds;
  if (plan.overlap.gradients || seconds === 0) return;
  rows.data = addData(to, rows.compute, { ...of, kind: "gradients", seconds });
}

function addData(to: StepGraph, after: number, of: {
  site: ItemSite;
  stage: number;
  layers: readonly StageLayer[];
  labels: Labels;
  kind: "gradients" | "parameters";
  seconds: number;
}): number {
  const { kind, seconds, stage } = of;
  const held = parametersOf(of.layers);
  const exchange = dataExchange({ kind, seconds, held }, of.site);
  const row = to.exchange({ stage, stream: "data", label: of.labels.exchange(exchange) }, exchange);
  to.meet(row, after, "data");
  return row;
}

/** Adds the end of the step. */
function addEnd(to: StepGraph, all: StageRows[], source: StepSource, labels: Labels): void {
  const { graph, classes } = to;
  const { sites, layers } = source;
  const [{ costed, plan }] = sites;
  const updated = to.label({ name: "update", kind: "update" });
  const lasts = (rows: readonly number[]) =>
    rows.filter((row) => row !== NO_ROW).flatMap((row) =>
      Array.from({ length: classes }, (_, c) => row + c)
    );
  all.forEach((rows, stage) =>
    addGradients(to, rows, { site: sites[stage], stage, layers: layers[stage].flat(), labels })
  );
  const norm = graph.join(lasts(all.flatMap(({ compute, data }) => [compute, data])));
  const ends = all.map((rows, stage) => {
    const { updateSeconds, parameterSeconds: seconds } = costed.perStep[stage];
    const each = new Float64Array(classes).fill(updateSeconds);
    const update = to.row({ stage, stream: "compute", label: updated }, each);
    for (let c = 0; c < classes; c++) graph.edge(norm, update + c);
    rows.compute = update;
    if (plan.overlap.parameters || seconds === 0) return update;
    const of = { site: sites[stage], stage, layers: layers[stage].flat(), labels };
    return rows.data = addData(to, update, { ...of, kind: "parameters", seconds });
  });
  const fixed = to.label({ name: "data, host and logging", kind: "fixed" });
  const end = graph.join(lasts(ends));
  graph.edge(end, graph.addTask(NO_LANE, costed.fixedSeconds, fixed));
}

/** Adds all tasks of a step; gives the rows of each stage. */
export function addStep(to: StepGraph, source: StepSource): StageRows[] {
  const labels = createLabels(to);
  const rows = addStages(to, source, labels);
  addEnd(to, rows, source, labels);
  return rows;
}
