/**
 * The memory of a step that repeats: recorded once without a device to learn how long each tensor
 * lives, then given buffers and mirrors that tensors share one after the other.
 *
 * A pool that grows as it goes hands out a buffer only for the very size that it was made for. A
 * plan knows all lifetimes: tensors are dealt to slots from the largest to the smallest, each to the
 * smallest slot that is free for as long as it lives ("greedy by size", Pisarchyk and Lee, arXiv
 * 2001.03288). From the first step on nothing is allocated.
 *
 * @module
 */
import type { Device } from "./device.ts";
import type { Launch, Recorder } from "./recorder.ts";
import { makeBuffer, makeMirror, mirrorBytes, type Shelf, shelfCount } from "./shelf.ts";
import { createPool, mirrorOf, type Pool, type Slot } from "./tensor.ts";

/** How long a buffer or a mirror is in use, in events of the step. */
export interface Lifetime {
  /** Whose it is. */
  label: string;
  /** A buffer of `size` bytes, or a mirror of `size` rows. */
  kind: "buffer" | "mirror";
  /** Bytes or rows. */
  size: number;
  /** When it is taken. */
  from: number;
  /** When it is given back; Infinity where the step keeps it. */
  to: number;
}

/** Which lifetimes share memory. */
export interface MemoryPlan {
  /** Kind and size of each slot. */
  slots: { kind: Lifetime["kind"]; size: number }[];
  /** The slot of each lifetime, in the order in which they are taken. */
  slotOf: number[];
  /** The most that is in use at once, bytes: no plan can do with less. */
  liveBytes: number;
  /** All slots, bytes. */
  heldBytes: number;
}

const bytesOf = ({ kind, size }: { kind: Lifetime["kind"]; size: number }) =>
  kind === "buffer" ? size : mirrorBytes(size);

/** The most bytes that are in use at once. */
function mostLive(lifetimes: readonly Lifetime[]): number {
  const events = lifetimes.flatMap((one) => [
    { at: one.from, bytes: bytesOf(one) },
    { at: one.to, bytes: -bytesOf(one) },
  ]).sort((a, b) => a.at - b.at);
  let live = 0;
  return events.reduce((most, { bytes }) => Math.max(most, live += bytes), 0);
}

/**
 * Deals lifetimes to slots.
 *
 * @example Two that do not meet share a slot
 * ```ts
 * import { planMemory } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const one = { label: "x", kind: "buffer" as const };
 * const plan = planMemory([
 *   { ...one, size: 32, from: 0, to: 2 },
 *   { ...one, size: 16, from: 1, to: 4 },
 *   { ...one, size: 24, from: 3, to: 5 },
 * ]);
 * assertEquals(plan.slotOf, [0, 1, 0]);
 * assertEquals([plan.liveBytes, plan.heldBytes], [48, 48]);
 * ```
 */
export function planMemory(lifetimes: readonly Lifetime[]): MemoryPlan {
  const order = lifetimes.map((_, i) => i).sort((a, b) =>
    lifetimes[b].size - lifetimes[a].size || a - b
  );
  const slots: { kind: Lifetime["kind"]; size: number; tenants: Lifetime[] }[] = [];
  const slotOf: number[] = Array(lifetimes.length).fill(0);
  for (const i of order) {
    const one = lifetimes[i];
    const fits = (slot: typeof slots[number]) =>
      slot.kind === one.kind && slot.tenants.every((t) => t.to < one.from || one.to < t.from);
    // Slots come from large to small: the last that fits is the smallest.
    let at = slots.findLastIndex(fits);
    if (at < 0) at = slots.push({ kind: one.kind, size: one.size, tenants: [] }) - 1;
    slots[at].tenants.push(one);
    slotOf[i] = at;
  }
  return {
    slots: slots.map(({ kind, size }) => ({ kind, size })),
    slotOf,
    liveBytes: mostLive(lifetimes),
    heldBytes: slots.reduce((sum, slot) => sum + bytesOf(slot), 0),
  };
}

/** A shelf of things that only have a size, and the lifetimes that it saw. */
function tracingShelf(): { shelf: Shelf; lifetimes: Lifetime[] } {
  const lifetimes: Lifetime[] = [];
  const open = new Map<object, Lifetime>();
  let now = 0;
  const take = <T extends object>(
    thing: T,
    label: string,
    one: Pick<Lifetime, "kind" | "size">,
  ) => {
    const lifetime = { label, ...one, from: now++, to: Infinity };
    open.set(thing, lifetime);
    lifetimes.push(lifetime);
    return thing;
  };
  const end = (thing: object) => {
    const lifetime = open.get(thing);
    if (lifetime) lifetime.to = now++;
    open.delete(thing);
  };
  const shelf: Shelf = {
    buffer: (label, { bytes }) =>
      take({ size: bytes } as GPUBuffer, label, { kind: "buffer", size: bytes }),
    mirror: (label, rows) =>
      take({ height: rows } as GPUTexture, label, { kind: "mirror", size: rows }),
    back(buffer, mirror) {
      end(buffer);
      if (mirror) end(mirror);
    },
    bytes: () => shelfCount().bytes(),
    trim: () => {},
  };
  return { shelf, lifetimes };
}

/** Follows what a step would allocate and give back, without a launch. */
export function traceStep(device: Device, record: (recorder: Recorder) => void): Lifetime[] {
  const { shelf, lifetimes } = tracingShelf();
  const pool = createPool(device, shelf);
  const touched = new Map<Slot, boolean>();
  const recorder: Recorder = {
    pool,
    device,
    launch({ copies = [] }: Launch) {
      for (const tensor of copies) {
        const { slot } = tensor;
        if (slot.shelf !== shelf && !touched.has(slot)) touched.set(slot, slot.mirrored);
        mirrorOf(device, tensor);
        slot.mirrored = true;
      }
    },
    submit: () => {},
    finish: () => Promise.resolve([]),
  };
  record(recorder);
  // What lives beyond the step was not copied into its mirror after all.
  touched.forEach((mirrored, slot) => slot.mirrored = mirrored);
  return lifetimes;
}

/** A pool that follows a plan. */
export interface PlannedPool extends Pool {
  /** The plan. */
  plan: MemoryPlan;
  /** Before each step: everything is free again. */
  restart(): void;
}

/**
 * A pool for a step that repeats, planned by recording it once without launching anything.
 *
 * `record` has to take and release the same tensors in the same order each time; it neither uploads
 * nor reads back. Call `restart` before each step and record it over this pool.
 */
export function planStep(device: Device, record: (recorder: Recorder) => void): PlannedPool {
  const plan = planMemory(traceStep(device, record));
  const made: (GPUBuffer | GPUTexture | undefined)[] = plan.slots.map(() => undefined);
  const count = shelfCount();
  const seen = new Set<number>();
  let next = 0;
  function take<T>(
    label: string,
    found: MemoryPlan["slots"][number],
    make: (size: number) => T,
  ): T {
    const at = plan.slotOf[next++];
    const slot = plan.slots[at];
    if (slot === undefined || slot.kind !== found.kind || slot.size < found.size) {
      throw new RangeError(
        `Cannot follow the memory plan at ${label}: found a ${found.kind} of size ${found.size}, ` +
          `planned ${slot ? `a ${slot.kind} of size ${slot.size}` : "the end of the step"}`,
      );
    }
    const isNew = !seen.has(at);
    seen.add(at);
    count.out(bytesOf(slot), isNew);
    return (made[at] ??= make(slot.size) as never) as T;
  }
  const shelf: Shelf = {
    buffer: (label, { bytes }) =>
      take(label, { kind: "buffer", size: bytes }, (size) => makeBuffer(device, label, size)),
    mirror: (label, rows) =>
      take(label, { kind: "mirror", size: rows }, (size) => makeMirror(device, label, size)),
    back(buffer, mirror) {
      count.back(buffer.size);
      if (mirror) count.back(mirrorBytes(mirror.height));
    },
    bytes: count.bytes,
    trim() {
      for (const one of made) one?.destroy();
      made.fill(undefined);
      seen.clear();
    },
  };
  return {
    ...createPool(device, shelf),
    plan,
    restart() {
      next = 0;
      count.back(count.bytes().live);
    },
  };
}
