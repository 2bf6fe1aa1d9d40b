/**
 * The planner's page as files: the result, its page, and the trace of its step.
 *
 * @module
 */
import { validateResult } from "../../../reports/validate.ts";
import { reportFiles } from "../../../reports/report.ts";
import type { Result } from "../../../reports/result.ts";
import { chromeTrace } from "../../../reports/trace.ts";
import type { Circumstances } from "../../define.ts";
import { contentId } from "../../hash.ts";
import { type Host, provenanceOf } from "../../provenance.ts";
import type { Planning } from "../planning.ts";
import { planOutcome } from "./plan_outcome.ts";
import type { PlanPage } from "./plan_page.ts";
import { thinTimeline } from "./thin_timeline.ts";

/** When, where and how an answer was made. */
export interface PlanRun {
  /** The question, whose model, cluster and stack the provenance names by their hashes. */
  planning: Planning;
  /** Facts of suite and machine. */
  host: Host;
  /** When it began, ISO 8601, UTC. */
  startedAt: string;
  /** Seconds of wall time. */
  wallSeconds: number;
  /** Command line that reproduces it. */
  command: string;
  /** Seed of uneven routing. */
  seed: number;
}

/** No device takes part: all is computed. */
async function circumstancesOf({ model, cluster, stack }: Planning): Promise<Circumstances> {
  return {
    adapter: {
      ...{ vendor: "none", architecture: "none", device: "none", description: "none is used" },
      ...{ software: false, features: [], limits: {}, subgroupSize: 0 },
    },
    timer: { kind: "none", resolutionSeconds: 0 },
    inputs: {
      model: await contentId(model),
      cluster: await contentId(cluster),
      stack: await contentId(stack),
    },
    kernels: {},
  };
}

/** The planner's answer as a result with its provenance. */
export async function planResult(page: PlanPage, run: PlanRun): Promise<Result> {
  const { planning, host, ...made } = run;
  const { asked } = page.record;
  const { globalBatch, sequence, objective, limitBytes } = asked;
  const provenance = await provenanceOf({
    experiment: "plan",
    parameters: { globalBatch, sequence, objective, limitBytes, fix: JSON.stringify(asked.fix) },
    ...made,
  }, { host, circumstances: await circumstancesOf(planning) });
  const where = `${asked.cluster.devices} x ${asked.cluster.id}`;
  return {
    schema: 1,
    experiment: "plan",
    title: `${asked.model} on ${where}`,
    question: `Which plan trains ${asked.model} on ${where} with ${asked.globalBatch} sequences ` +
      `of ${asked.sequence} tokens a step with the least ${objective}?`,
    provenance,
    ...planOutcome(page),
  };
}

/** The files of a page by name: `result.json`, `report.html`, and `trace.json` where events ran. */
export async function planFiles(page: PlanPage, run: PlanRun): Promise<Record<string, string>> {
  const { timeline } = page;
  const drawn = { ...page, ...(timeline && { timeline: thinTimeline(timeline) }) };
  const text = JSON.stringify(await planResult(drawn, run)) + "\n";
  return {
    "result.json": text,
    ...reportFiles(validateResult(JSON.parse(text), "the planner's result")),
    ...(timeline && { "trace.json": JSON.stringify(chromeTrace([timeline])) }),
  };
}
