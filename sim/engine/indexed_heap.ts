/**
 * The whole numbers below n by a key that may change: a binary heap that knows where each one is.
 *
 * @module
 */

/** Numbers by key. */
export interface IndexedHeap {
  /** A number with the least key, -1 where there is none. */
  least(): number;
  /** Its key, `Infinity` where there is none. */
  leastKey(): number;
  /** Puts a number in, or gives it another key. */
  set(item: number, key: number): void;
  /** Takes a number out. */
  remove(item: number): void;
}

/** An empty heap of the whole numbers below `n`. */
export function createIndexedHeap(n: number): IndexedHeap {
  const keys = new Float64Array(n);
  const heap = new Int32Array(n);
  const place = new Int32Array(n).fill(-1);
  let size = 0;

  function put(item: number, at: number): void {
    heap[at] = item;
    place[item] = at;
  }
  function rise(item: number, from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!(keys[item] < keys[heap[parent]])) break;
      put(heap[parent], at);
      at = parent;
    }
    put(item, at);
  }
  function sink(item: number, from: number): void {
    let at = from;
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[heap[child + 1]] < keys[heap[child]]) child++;
      if (!(keys[heap[child]] < keys[item])) break;
      put(heap[child], at);
      at = child;
    }
    put(item, at);
  }
  function settle(item: number, at: number): void {
    rise(item, at);
    sink(item, place[item]);
  }

  return {
    least: () => size === 0 ? -1 : heap[0],
    leastKey: () => size === 0 ? Infinity : keys[heap[0]],
    set(item, key) {
      keys[item] = key;
      settle(item, place[item] < 0 ? size++ : place[item]);
    },
    remove(item) {
      const at = place[item];
      if (at < 0) return;
      place[item] = -1;
      size--;
      if (at < size) settle(heap[size], at);
    },
  };
}
