/**
 * What a launch binds, and bind groups that are made once.
 *
 * A step that repeats in planned memory binds the same buffers at the same launch every time: making
 * its bind groups anew takes the host some 50 us a launch, which on a fast device is longer than the
 * launch itself.
 *
 * @module
 */
import type { Device } from "./device.ts";

/** A piece of a buffer, or a whole texture. */
export interface Bound {
  /** Whose. */
  of: GPUBuffer | GPUTexture;
  /** First byte. */
  offset: number;
  /** Bytes; 0 for a texture. */
  size: number;
}

/** The bind groups of a step, launch by launch. */
export interface Bindings {
  /** The launch that comes next. */
  next: number;
  /** What each launch bound when it was last recorded. */
  known: { pipeline: GPUComputePipeline; bound: readonly Bound[]; group: GPUBindGroup }[];
}

/** No bind groups yet. */
export const noBindings = (): Bindings => ({ next: 0, known: [] });

const isTexture = (of: Bound["of"]): of is GPUTexture => "createView" in of;

function makeGroup(
  { gpu }: Device,
  options: { label: string; pipeline: GPUComputePipeline; bound: readonly Bound[] },
): GPUBindGroup {
  const { label, pipeline, bound } = options;
  const entries = bound.map(({ of, offset, size }, binding) => ({
    binding,
    resource: isTexture(of) ? of.createView() : { buffer: of, offset, size },
  }));
  return gpu.createBindGroup({ label, layout: pipeline.getBindGroupLayout(0), entries });
}

const same = (a: readonly Bound[], b: readonly Bound[]) =>
  a.length === b.length &&
  a.every(({ of, offset, size }, i) =>
    of === b[i].of && offset === b[i].offset && size === b[i].size
  );

/** The bind group of a launch: that of the step before, where it bound the same. */
export function groupOf(
  device: Device,
  options: {
    label: string;
    pipeline: GPUComputePipeline;
    bound: readonly Bound[];
    bindings?: Bindings;
  },
): GPUBindGroup {
  const { pipeline, bound, bindings } = options;
  if (!bindings) return makeGroup(device, options);
  const at = bindings.next++;
  const before = bindings.known[at];
  if (before?.pipeline === pipeline && same(before.bound, bound)) return before.group;
  const group = makeGroup(device, options);
  bindings.known[at] = { pipeline, bound, group };
  return group;
}
