/**
 * What is varied, a sweep a row. Every point of a sweep is a question of its own to the planner: the
 * best plan is searched anew.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { VisualAxis } from "../../reports/visuals.ts";
import { clusterWithLinks } from "./links.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import { sizesOf } from "../../sim/cost/sizes_of.ts";
import type { Precision } from "../../sim/plan/plan.ts";
import type { Planning } from "../planner/planning.ts";
import { deeper, finer, type ShapeChange, sparser, wider } from "./model_shapes.ts";
import { resized, type Subject } from "./subjects.ts";

/** A point of a sweep. */
export interface SweepPoint {
  /** Where it lies along the axis. */
  x: number;
  /** The same in words. */
  label: string;
  /** What the planner is asked. */
  planning: Planning;
}

/** A sweep; see the module. */
export interface Sweep {
  /** Name, as parameters have it. */
  id: string;
  /** What is shown. */
  title: string;
  /** How to read it. */
  note: string;
  /** What is varied; nothing to draw where it is no number. */
  axis?: VisualAxis;
  /** What the first column is called. */
  column: string;
  /** Where on the axis the point lies that others are held against; the first that fits unless given. */
  reference?(subject: Subject): number;
  /** The points of a subject. */
  points(subject: Subject): SweepPoint[];
}

const timesAxis = (what: string): VisualAxis => ({ title: what, unit: "plain", log: true });

const devicesAxis: VisualAxis = { title: "devices", unit: "count", log: true };

/** Sequences have to be whole. */
const wholeBatch = ({ planning }: SweepPoint) => Number.isSafeInteger(planning.globalBatch);

const perSize = (subject: Subject, batchOf: (devices: number) => number): SweepPoint[] =>
  subject.devices.map((devices) => ({
    x: devices,
    label: `${devices}`,
    planning: resized(subject.base, devices, batchOf(devices)),
  })).filter(wholeBatch);

/** Formats that a run may be trained in, where the device has laws for them. */
const trained: readonly Precision[] = ["bf16", "fp8", "mxfp8", "fp4"];

function precisionPoints({ base }: Subject): SweepPoint[] {
  const { precisions } = deviceProfile(base.cluster.device);
  return trained.filter((format) => precisions?.[format]).map((precision, x) => ({
    x,
    label: precision,
    planning: { ...base, fix: { ...base.fix, precision } },
  }));
}

const shapeFactors = [0.5, 1, 2, 4];

const shapePoints = (change: ShapeChange) => ({ base }: Subject): SweepPoint[] =>
  shapeFactors.flatMap((x) => {
    const model = change(base.model, x);
    return model ? [{ x, label: `${x}`, planning: { ...base, model, sizes: sizesOf(model) } }] : [];
  });

const shape = (id: string, what: string, change: ShapeChange): Sweep => ({
  id,
  title: `Another shape: ${what}`,
  note:
    `Times ${what}, at the same cluster and batch. Efficiency is model FLOP/s against those of ` +
    "the model as it is.",
  axis: timesAxis(`times ${what}`),
  column: "times",
  reference: () => 1,
  points: shapePoints(change),
});

/** The sweeps, in the order in which they are shown; skewed routing is apart, by events. */
export const sweeps: readonly Sweep[] = [
  {
    id: "strong",
    title: "Strong scaling: the batch held",
    note:
      "The same step on more devices. Efficiency is tokens/s of a device against those on the " +
      "smallest cluster that holds the model; each size has the best plan of its own.",
    axis: devicesAxis,
    column: "devices",
    points: (subject) => perSize(subject, () => subject.base.globalBatch),
  },
  {
    id: "weak",
    title: "Weak scaling: the batch grows with the devices",
    note: "As many sequences for each device at every size. Efficiency is tokens/s of a device " +
      "against those on the smallest cluster that holds the model.",
    axis: devicesAxis,
    column: "devices",
    points: (subject) => perSize(subject, (devices) => devices * subject.perDevice),
  },
  {
    id: "batch",
    title: "Another batch",
    note:
      "Sequences of a step, at one size of the cluster. Efficiency is tokens/s against those with " +
      "the batch that is held elsewhere.",
    axis: { title: "sequences of a step", unit: "count", log: true },
    column: "sequences",
    reference: ({ base }) => base.globalBatch,
    points: ({ base, factors }) =>
      factors.map((factor) => base.globalBatch * factor).map((globalBatch) => ({
        x: globalBatch,
        label: `${globalBatch}`,
        planning: { ...base, globalBatch },
      })).filter(wholeBatch),
  },
  {
    id: "network",
    title: "Another network",
    note:
      "Times the bandwidth of every tier outside the nodes. Efficiency is tokens/s against those " +
      "with the network as it is.",
    axis: timesAxis("times the bandwidth of the network"),
    column: "times",
    reference: () => 1,
    points: ({ base, factors }) =>
      factors.map((x) => ({
        x,
        label: `${x}`,
        planning: { ...base, cluster: clusterWithLinks(base.cluster, x) },
      })),
  },
  {
    id: "precision",
    title: "Another number format",
    note:
      "Formats of products for which there are kernel times of the device. What they do to the " +
      "loss is not asked here. MFU is of the format's own peak, efficiency is tokens/s against " +
      "those with the first format.",
    column: "format",
    reference: () => 0,
    points: precisionPoints,
  },
  shape("granularity", "the experts, each as much smaller", finer),
  shape("experts", "the experts, with as many for a token", sparser),
  shape("layers", "the layers", deeper),
  shape("width", "the width", wider),
];

/** Sweeps in which the cluster grows. */
export const growing: readonly string[] = ["strong", "weak"];

/** The name of the sweep by events. */
export const skewId = "skew";

/** What a user can name. */
export const sweepIds: readonly string[] = [...sweeps.map(({ id }) => id), skewId];

/**
 * The names that a user gave; "all" stands for all.
 *
 * @throws {UserError} for an unknown one.
 */
export function chosenSweeps(names: readonly string[]): Set<string> {
  const unknown = names.find((name) => name !== "all" && !sweepIds.includes(name));
  if (unknown !== undefined) throw unknownName("sweep", unknown, [...sweepIds, "all"]);
  return new Set(names.includes("all") ? sweepIds : names);
}
