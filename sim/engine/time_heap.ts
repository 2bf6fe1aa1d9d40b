/**
 * Whole numbers by time: a heap of four children a node in two typed arrays, which makes it half as
 * deep as with two, and the children of a node neighbours in memory.
 *
 * The order of equal times is that of the heap, the same in every run but none to build on: who needs
 * an order among equals takes all of one time and sorts them.
 *
 * The two steps of a heap are functions of its arrays, for the one loop that keeps them in local
 * variables; all others use the record.
 *
 * @module
 */
import { grown } from "./columns.ts";

/** Whole numbers by time; a record that the functions of this file change. */
export interface TimeHeap {
  /** Times, the least at the top. */
  times: Float64Array;
  /** Numbers at the same places. */
  items: Int32Array;
  /** Places in use. */
  size: number;
}

/** Makes an empty heap. */
export function createTimeHeap(): TimeHeap {
  return { times: new Float64Array(64), items: new Int32Array(64), size: 0 };
}

/** The least time, `Infinity` where the heap is empty. */
export function leastTime({ times, size }: TimeHeap): number {
  return size === 0 ? Infinity : times[0];
}

/** Adds a number. */
export function addTime(heap: TimeHeap, time: number, item: number): void {
  if (heap.size === heap.times.length) {
    heap.times = grown(heap.times);
    heap.items = grown(heap.items);
  }
  const { times, items } = heap;
  const last = heap.size++;
  times[last] = time;
  items[last] = item;
  riseLast(times, items, last);
}

/** Takes a number of the least time; -1 where the heap is empty. */
export function takeLeast(heap: TimeHeap): number {
  if (heap.size === 0) return -1;
  const item = heap.items[0];
  sinkLast(heap.times, heap.items, --heap.size);
  return item;
}

/** Lets the entry of the last place rise to its own. */
export function riseLast(times: Float64Array, items: Int32Array, last: number): void {
  const time = times[last];
  const item = items[last];
  let at = last;
  while (at > 0) {
    const parent = (at - 1) >> 2;
    if (!(time < times[parent])) break;
    times[at] = times[parent];
    items[at] = items[parent];
    at = parent;
  }
  times[at] = time;
  items[at] = item;
}

/** Puts the entry of the last place at the top, instead of what was there, and lets it sink. */
export function sinkLast(times: Float64Array, items: Int32Array, last: number): void {
  const time = times[last];
  let at = 0;
  for (let first = 1; first < last; first = 4 * at + 1) {
    const end = first + 4 < last ? first + 4 : last;
    let child = first;
    let least = times[first];
    for (let i = first + 1; i < end; i++) {
      const other = times[i];
      if (other < least) {
        least = other;
        child = i;
      }
    }
    if (!(least < time)) break;
    times[at] = least;
    items[at] = items[child];
    at = child;
  }
  times[at] = time;
  items[at] = items[last];
}
