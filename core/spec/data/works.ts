/**
 * The works on mixtures of experts: arXiv ids, and the survey's timeline.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../../kernels/base/config.ts";
import timelineJson from "./timeline.json" with { type: "json" };
import worksJson from "./works.json" with { type: "json" };

/** A work with an arXiv id. */
export interface SurveyWork {
  /** Name, as the survey calls it. */
  name: string;
  /** arXiv id. */
  arxiv: string;
  /** Which list names it. */
  list: "survey" | "survey paper list, later" | "not in the survey";
  /** True where what is known of it was not read in a source. */
  unverified?: boolean;
}

/** A period of the timeline. */
export interface TimelinePeriod {
  /** Year. */
  year: number;
  /** Half of the year, where the timeline splits it. */
  half?: number;
  /** Where the period is listed. */
  source: string;
  /** Works and models of the period. */
  works: string[];
}

/** The schema of the list of works. */
export const worksSchema: Schema<SurveyWork[]> = z.array(z.strictObject({
  name: z.string(),
  arxiv: z.string().regex(/^\d{4}\.\d{4,5}$/),
  list: z.enum(["survey", "survey paper list, later", "not in the survey"]),
  unverified: z.boolean().optional(),
}));

/** The schema of the timeline. */
export const timelineSchema: Schema<TimelinePeriod[]> = z.array(z.strictObject({
  year: z.int(),
  half: z.int().min(1).max(2).optional(),
  source: z.string(),
  works: z.array(z.string()).min(1),
}));

/**
 * Works with their arXiv ids.
 *
 * @example
 * ```ts
 * import { works } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(works().find((work) => work.name === "BAM")?.arxiv, "2408.08274");
 * ```
 */
export function works(): SurveyWork[] {
  return parseConfig(worksSchema, worksJson, "the list of works");
}

/** The survey's timeline (arXiv 2407.06204, Figure 1) and the models that its list added later. */
export function surveyTimeline(): TimelinePeriod[] {
  return parseConfig(timelineSchema, timelineJson, "the timeline");
}
