/**
 * The memory of a step that repeats: recorded once without a device to learn how long each tensor
 * lives, then given buffers and mirrors that tensors share one after the other.
 *
 * A pool that grows as it goes hands out a buffer only for the very size that it was made for. A
 * plan knows all lifetimes (`base/memory_plan.ts`): from the first step on nothing is allocated.
 *
 * @module
 */
import { type Lifetime, type MemoryPlan, planMemory, sizeBytes } from "./base/memory_plan.ts";
import { noBindings } from "./bindings.ts";
import type { Device } from "./device.ts";
import type { Launch, Recorder } from "./recorder.ts";
import { makeBuffer, makeMirror, mirrorBytes, type Shelf, shelfCount } from "./shelf.ts";
import { createPool, mirrorOf, type Pool, type Slot } from "./tensor.ts";

export { leastHeld, type Lifetime, type MemoryPlan, planMemory } from "./base/memory_plan.ts";

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
    count.out(sizeBytes(slot), isNew);
    return (made[at] ??= make(slot.size) as never) as T;
  }
  const bindings = noBindings();
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
      bindings.known.length = 0;
    },
  };
  return {
    ...createPool(device, shelf),
    bindings,
    plan,
    restart() {
      next = 0;
      bindings.next = 0;
      count.back(count.bytes().live);
    },
  };
}
