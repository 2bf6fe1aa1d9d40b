/**
 * How the inputs of a simulation are known, and how each part of a step is known in turn: as well as
 * the weakest of its inputs.
 *
 * @module
 */
import type { Profile } from "../../kernels/base/profile_schema.ts";
import { clusterPresets } from "../../sim/cluster/presets.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import { formats } from "../../sim/cost/formats.ts";
import { softwareOf } from "../../sim/network/software.ts";
import type { Simulation } from "./simulation.ts";
import type { Breakdown } from "./step.ts";

/** How something is known. */
export type InputGrade =
  | "measured shape"
  | "fitted to kernel rows"
  | "fitted to exchange rows"
  | "fitted to step rows"
  | "data sheet"
  | "set by you"
  | "assumed"
  | `assumed from ${string}`;

/** The inputs that grades are told of. */
export interface InputGrades {
  /** Products of two matrices. */
  product: InputGrade;
  /** Products of many experts. */
  grouped: InputGrade;
  /** Attention. */
  attention: InputGrade;
  /** Element-wise kernels. */
  elementwise: InputGrade;
  /** Memory bandwidth. */
  memory: InputGrade;
  /** Links and communication software. */
  links: InputGrade;
  /** What the software stack does. */
  stack: InputGrade;
}

/** From the best known to the least. */
const order: readonly RegExp[] = [
  /^measured/,
  /^set by you/,
  /^fitted to (kernel|exchange) rows/,
  /^fitted to step rows/,
  /^data sheet/,
  /^assumed/,
];

const rank = (grade: InputGrade) => order.findIndex((pattern) => pattern.test(grade));

/** The weakest of some grades. */
export function weakest(grades: readonly InputGrade[]): InputGrade {
  return grades.reduce((a, b) => rank(b) > rank(a) ? b : a);
}

/** Grade of the products of a profile in a format, or in the one whose laws stand in for it. */
function productGrade(profile: Profile, precision: keyof typeof formats, kind: string): InputGrade {
  const own = profile.grades?.[`precisions.${precision}.${kind}`];
  if (own) return own;
  const { like } = formats[precision];
  const near = profile.grades?.[`precisions.${like}.${kind}`];
  if (near === undefined || like === precision) return "assumed";
  return near.startsWith("assumed") ? near : `assumed from ${like}`;
}

/** Whether every tier of a preset is as the preset has it, its outermost span apart. */
function linksAsShipped({ cluster }: Simulation): boolean {
  const preset = clusterPresets[cluster.id];
  return preset !== undefined && preset.tiers.length === cluster.tiers.length &&
    preset.tiers.every((tier, i) =>
      JSON.stringify(tier.link) === JSON.stringify(cluster.tiers[i].link)
    );
}

/** How the inputs of a simulation are known; `stack` is whether published steps informed it. */
export function inputGrades(simulation: Simulation, options: { stack: InputGrade }): InputGrades {
  const { cluster, plan } = simulation;
  const profile = deviceProfile(cluster.device);
  const grade = (key: string): InputGrade => profile.grades?.[key] ?? "assumed";
  return {
    product: productGrade(profile, plan.precision, "product"),
    grouped: productGrade(profile, plan.precision, "grouped"),
    attention: weakest([grade("attention.forward"), grade("attention.backward")]),
    elementwise: grade("laws.elementwise"),
    memory: grade("memoryBandwidthBytesPerSecond"),
    links: !linksAsShipped(simulation)
      ? "set by you"
      : softwareOf(cluster.id)
      ? "fitted to exchange rows"
      : "data sheet",
    stack: options.stack,
  };
}

/** The inputs that each part of a step rests on. */
const inputsOf: Readonly<Record<keyof Breakdown, readonly (keyof InputGrades)[]>> = {
  mixerSeconds: ["product", "attention", "elementwise", "stack"],
  ffnSeconds: ["product", "elementwise", "stack"],
  expertSeconds: ["grouped", "elementwise", "stack"],
  sharedSeconds: ["product", "elementwise", "stack"],
  routingSeconds: ["elementwise", "stack"],
  hostSeconds: ["stack"],
  tensorSeconds: ["links", "stack"],
  contextSeconds: ["links", "stack"],
  tokenSeconds: ["links", "stack"],
  shardSeconds: ["links", "stack"],
  bubbleSeconds: ["product", "attention", "elementwise", "stack"],
  dataSeconds: ["links", "stack"],
  updateSeconds: ["elementwise"],
  fixedSeconds: ["stack"],
};

/** How each part of a step is known. */
export function partGrades(grades: InputGrades): Record<keyof Breakdown, InputGrade> {
  return Object.fromEntries(
    Object.entries(inputsOf).map(([part, inputs]) => [part, weakest(inputs.map((i) => grades[i]))]),
  ) as Record<keyof Breakdown, InputGrade>;
}
