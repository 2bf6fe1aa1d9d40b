/**
 * The operators of a step beside the launches that ran: both in their order, neighbours of one name
 * taken together.
 *
 * @module
 */
import type { TrainingOps, TrainingPhase } from "../../core/mod.ts";
import type { AnyOp } from "../../kernels/base/mod.ts";

/** What a step does under one name before it goes on to something else. */
export interface StepPart {
  /** Phase of the step. */
  phase: TrainingPhase;
  /** What it does, such as "expert up dw". */
  name: string;
  /** Its operators. */
  ops: AnyOp[];
  /** Its launches, as places in the recording. */
  launches: number[];
}

/** Launches that are not called what their operators are called, by the operator's name or kind. */
const launchNames: Readonly<Record<string, readonly string[]>> = {
  "attention": ["attention forward"],
  "attention backward": ["attention delta", "attention dq", "attention dkv"],
  "last norm": ["norm"],
  "last norm backward": ["norm backward"],
  "gradient norm": ["clip"],
};

/** What an operator is called in tables: all updates alike, all others by name. */
const nameOf = ({ kind, name }: AnyOp): string => kind === "adamw" ? kind : name ?? kind;

/** Letters of a label that an operator's name explains: it has that name, or says more behind it. */
function explained(label: string, one: AnyOp | undefined): number {
  if (!one) return 0;
  const names = launchNames[nameOf(one)] ?? [nameOf(one)];
  const fits = names.filter((name) => label === name || label.startsWith(`${name} `));
  return Math.max(0, ...fits.map((name) => name.length));
}

/**
 * Deals the launches of a step to its operators.
 *
 * @throws {RangeError} where an operator has no launch, or a launch no operator.
 */
export function stepParts(ops: TrainingOps, labels: readonly string[]): StepPart[] {
  const parts: StepPart[] = [];
  for (const phase of ["forward", "backward", "update"] as const) {
    for (const one of ops[phase]) {
      const last = parts.at(-1);
      const name = nameOf(one);
      if (last?.phase === phase && last.name === name) last.ops.push(one);
      else parts.push({ phase, name, ops: [one], launches: [] });
    }
  }
  let at = 0;
  for (const [i, part] of parts.entries()) {
    const own = (label: string) =>
      explained(label, part.ops[0]) > explained(label, parts[i + 1]?.ops[0]);
    while (at < labels.length && own(labels[at])) part.launches.push(at++);
    if (part.launches.length > 0) continue;
    throw new RangeError(
      `Cannot find the launch of ${part.name}, ${part.phase}: found "${labels[at] ?? "the end"}" ` +
        `at launch ${at}`,
    );
  }
  if (at === labels.length) return parts;
  throw new RangeError(`Cannot find the operator of launch ${at}, "${labels[at]}"`);
}
