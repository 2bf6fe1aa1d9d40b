/**
 * Events in the order in which they happen: earliest first, then the lowest priority number, then
 * first in, first out. Equal keys never depend on the shape of the heap, so runs repeat exactly.
 *
 * @module
 */

/** When something happens, and who goes first among equals. */
export interface EventKey {
  /** Seconds since the start. */
  time: number;
  /** Lower numbers go first at the same time; 0 unless given. */
  priority?: number;
}

/** A queue by (time, priority, order of arrival). */
export interface EventQueue<T> {
  /** Number of items in it. */
  readonly size: number;
  /** Time of the next item, `Infinity` where there is none. */
  peek(): number;
  /** Adds an item. */
  push(item: T, key: EventKey): void;
  /** Takes the next item with its time, `undefined` where there is none. */
  pop(): { item: T; time: number } | undefined;
}

interface Entry<T> {
  item: T;
  time: number;
  priority: number;
  seq: number;
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  if (a.time !== b.time) return a.time < b.time;
  if (a.priority !== b.priority) return a.priority < b.priority;
  return a.seq < b.seq;
}

/**
 * Makes an empty queue, a binary heap.
 *
 * @example
 * ```ts
 * import { createEventQueue } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = createEventQueue<string>();
 * queue.push("later", { time: 2 });
 * queue.push("first", { time: 1 });
 * queue.push("second", { time: 1 });
 * assertEquals([queue.pop()?.item, queue.pop()?.item, queue.peek()], ["first", "second", 2]);
 * ```
 */
export function createEventQueue<T>(): EventQueue<T> {
  const heap: Entry<T>[] = [];
  let seq = 0;

  function rise(entry: Entry<T>, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  function sink(entry: Entry<T>): void {
    const half = heap.length >> 1;
    let at = 0;
    while (at < half) {
      let child = 2 * at + 1;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], entry)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
  }

  return {
    get size() {
      return heap.length;
    },
    peek: () => heap.length === 0 ? Infinity : heap[0].time,
    push(item, { time, priority = 0 }) {
      rise({ item, time, priority, seq: seq++ }, heap.length);
    },
    pop() {
      const first = heap[0];
      if (first === undefined) return undefined;
      const last = heap.pop()!;
      if (heap.length > 0) sink(last);
      return { item: first.item, time: first.time };
    },
  };
}
