/**
 * A configuration of any kind, read: a launcher's, or a plan of our own.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { readLaunch } from "../../../sim/launch/launch.ts";
import { parseObject } from "../../../sim/launch/text/flat.ts";
import type { LaunchKind } from "../../../sim/launch/told_by.ts";
import type { LaunchReading } from "../../../sim/launch/types.ts";
import { type PlanInput, readPlan } from "../../../sim/plan/plan_input.ts";
import { parsePlan } from "../../../sim/plan/plan_words.ts";

/** A configuration as it was read; a plan of our own says nothing but the plan. */
export type KindReading = Omit<LaunchReading, "launcher"> & { kind: LaunchKind };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The plan in JSON: itself, under "plan", or the best of an answer of the planner. */
function planOfJson(json: Record<string, unknown>, source: string): PlanInput {
  const [best] = Array.isArray(json.best) ? json.best : [json];
  const plan = isRecord(best) ? best.plan ?? best : best;
  if (typeof plan === "string") return parsePlan(plan);
  return readPlan(plan, source);
}

/** What an answer of the planner was asked. */
function askedOf({ asked }: Record<string, unknown>): Partial<KindReading> {
  if (!isRecord(asked) || !isRecord(asked.cluster)) return {};
  const { model, sequence, cluster: { devices } } = asked;
  return {
    ...(typeof model === "string" && { model: { id: model } }),
    ...(typeof sequence === "number" && { sequence }),
    ...(typeof devices === "number" && { devices }),
  };
}

/**
 * Reads a configuration.
 *
 * @throws {UserError} for what cannot be read.
 */
export function readKind(
  text: string,
  of: { kind: LaunchKind; source: string; devices: number },
): KindReading {
  const { kind, source, devices } = of;
  if (kind !== "plan") return { ...launchReading(text, { launcher: kind, devices }), kind };
  const nothing = { kind, model: {}, understood: [], ignored: [] };
  if (!/^\s*\{/.test(text)) return { ...nothing, plan: parsePlan(text.trim()) };
  const json = parseObject(text, source);
  return { ...nothing, plan: planOfJson(json, source), ...askedOf(json) };
}

/** A launcher's configuration; what it says of devices alone is kept apart from those that there are. */
function launchReading(
  text: string,
  of: { launcher: Exclude<LaunchKind, "plan">; devices: number },
): LaunchReading {
  const { launcher, devices } = of;
  const { devices: said } = readLaunch(text, { launcher });
  const { devices: _, ...reading } = readLaunch(text, { launcher, devices });
  const { tp = 1, cp = 1, pp = 1, dp } = reading.plan;
  // The JSON of DeepSpeed says replicas by its batches.
  const implied = launcher === "deepspeed" && dp !== undefined ? tp * cp * pp * dp : undefined;
  const told = said ?? implied;
  if (told !== undefined && !(told > 0)) {
    throw new UserError(`Cannot read a job of ${told} devices: wanted a whole number above 0`);
  }
  return { ...reading, ...(told !== undefined && { devices: told }) };
}
