/**
 * The clock of a graph: what ends next frees what comes after it.
 *
 * An *instant* is everything that happens at one time. In it, first all ends of that time happen,
 * and free lanes go on with what waits for them; joins, and tasks of a program, start as soon as
 * nothing is missing. Then the tasks of other lanes that became ready go to their lanes, the one
 * added first before the others; if that brings new ends at the same time (tasks of no seconds),
 * the instant goes round once more. The numbers of tasks on different lanes are never compared, so
 * the order in which lanes were filled changes nothing. Last of all, where flows began or ended,
 * the links are shared anew.
 *
 * The loop is one long function over local arrays on purpose: cut into functions over a record it
 * takes a third more time, since every function reads every column anew. Its stacks are *starts*
 * (begin now), *ended* (followers do not know yet) and *ready* (on their way to a lane of order
 * "ready"); a heap has the ends to come. None can hold more than all tasks, and memory that is never
 * written costs none.
 *
 * @module
 */
import type { FlowNetwork } from "./flow_network.ts";
import { type GraphColumns, NO_LANE } from "./graph.ts";
import type { RunState } from "./run_state.ts";
import { riseLast, sinkLast } from "./time_heap.ts";

/** Runs all tasks that can run; gives the number of events. */
export function runEvents(columns: GraphColumns, state: RunState, network: FlowNetwork): number {
  const { tasks, lane, seconds, firstEdge, edge, lanes } = columns;
  const { start, end, missing, slot, last, program } = state;
  const busy = new Uint8Array(lanes.length);
  // First and last task that waits for a lane; the slots of the tasks lead from one to the other.
  const [head, tail] = [new Int32Array(lanes.length).fill(-1), new Int32Array(lanes.length)];
  const starts = new Int32Array(tasks);
  const ended = new Int32Array(tasks);
  const ready = new Int32Array(tasks);
  let [starting, ending, readies] = [0, 0, 0];
  let [now, done, arrivals] = [0, 0, 0];
  // The heap of ends to come.
  const [times, items] = [new Float64Array(tasks), new Int32Array(tasks)];
  let size = 0;
  const flowing = columns.flows.flows > 0;

  for (let task = tasks - 1; task >= 0; task--) {
    if (missing[task] > 0) continue;
    const on = lane[task];
    if (on === NO_LANE || program[on] === 1) starts[starting++] = task;
    else ready[readies++] = task;
  }

  for (;;) {
    while (starting > 0 || ending > 0 || readies > 0) {
      while (starting > 0) {
        const task = starts[--starting];
        const takes = seconds[task];
        const until = now + (takes < 0 ? network.latency(-1 - takes) : takes);
        start[task] = now;
        end[task] = until;
        if (until > now) {
          times[size] = until;
          items[size] = task;
          riseLast(times, items, size++);
        } else if (takes < 0 && network.begin(-1 - takes)) {
          arrivals++;
        } else {
          ended[ending++] = task;
        }
      }

      if (ending > 0) {
        const task = ended[--ending];
        done++;
        const on = lane[task];
        if (on !== NO_LANE) {
          let next = slot[task];
          slot[task] = last[on];
          last[on] = task;
          if (program[on] === 0) {
            next = head[on];
            if (next < 0) {
              busy[on] = 0;
            } else {
              head[on] = next === tail[on] ? -1 : slot[next];
              slot[next] = -1;
              starts[starting++] = next;
            }
          } else if (next >= 0 && --missing[next] === 0) {
            starts[starting++] = next;
          }
        }
        for (let e = firstEdge[task]; e > 0; e = edge[2 * e - 1]) {
          const after = edge[2 * e - 2];
          if (--missing[after] > 0) continue;
          const its = lane[after];
          if (its === NO_LANE || program[its] === 1) starts[starting++] = after;
          else ready[readies++] = after;
        }
        continue;
      }

      if (readies > 1) sort(ready, readies);
      for (let i = 0; i < readies; i++) {
        const task = ready[i];
        const on = lane[task];
        if (busy[on] === 0) {
          busy[on] = 1;
          starts[starting++] = task;
        } else {
          if (head[on] < 0) head[on] = task;
          else slot[tail[on]] = task;
          tail[on] = task;
        }
      }
      readies = 0;
    }

    if (flowing) network.share(now);
    const flowEnd = flowing ? network.nextEnd() : Infinity;
    const least = size === 0 ? Infinity : times[0];
    now = least < flowEnd ? least : flowEnd;
    if (now === Infinity) break;
    while (size > 0 && times[0] === now) {
      const task = items[0];
      sinkLast(times, items, --size);
      const takes = seconds[task];
      if (takes < 0 && network.begin(-1 - takes)) arrivals++;
      else ended[ending++] = task;
    }
    if (!flowing) continue;
    for (let task = network.take(now); task >= 0; task = network.take(now)) {
      end[task] = now;
      ended[ending++] = task;
    }
  }
  state.done = done;
  return done + arrivals;
}

/** Sorts what is little, and often in order already, by insertion; the rest by the built-in sort. */
function sort(items: Int32Array, size: number): void {
  if (size > 32) {
    items.subarray(0, size).sort();
    return;
  }
  for (let i = 1; i < size; i++) {
    const item = items[i];
    let at = i;
    for (; at > 0 && items[at - 1] > item; at--) items[at] = items[at - 1];
    items[at] = item;
  }
}
