/**
 * The tasks of a stage, from its line of items.
 *
 * The order in which they are added is the order in which each stream works. Kernels stand still for
 * the part of an exchange that takes the multiprocessors from them: that time is a task of the compute
 * stream between the item that began the exchange and the next one, unless that has to wait for the
 * whole exchange anyway.
 *
 * @module
 */
import type { Item, StepExchange } from "./parts.ts";
import { itemSeconds } from "./parts.ts";
import type { LineEntry } from "./line.ts";
import { NO_ROW, type StepGraph } from "./step_graph.ts";

/** Rows of a stage's tasks; an operation is known by its place in the program. */
export interface StageRows {
  /** First item of every operation. */
  first: Int32Array;
  /** Last item of every operation. */
  last: Int32Array;
  /** What its output travels in; NO_ROW where it stays. */
  sent: Int32Array;
  /** Last task on the compute stream. */
  compute: number;
  /** Last task on the data stream. */
  data: number;
}

/** Where an operation's output goes. */
export interface Sending {
  /** Stage. */
  to: number;
  /** What it takes. */
  exchange: StepExchange;
  /** Whether kernels wait meanwhile. */
  blocks: boolean;
}

interface Pending {
  row: number;
  exchange: StepExchange;
}

/** Remembers a label for every item and exchange. */
export function createLabels(to: StepGraph) {
  const labels = new Map<Item | StepExchange, number>();
  const blocks = new Map<StepExchange, { label: number; seconds: Float64Array }>();
  const seconds = new Map<Item, Float64Array>();
  const memo = <K, V>(known: Map<K, V>, key: K, make: () => V): V => {
    let value = known.get(key);
    if (value === undefined) known.set(key, value = make());
    return value;
  };
  return {
    item: (item: Item) =>
      memo(labels, item, () =>
        to.label({
          ...{ name: item.parts[0]?.name ?? "pass on", kind: "compute", parts: item.parts },
        })),
    secondsOf: (item: Item) => memo(seconds, item, () => itemSeconds(item, to.classes)),
    exchange: (exchange: StepExchange) =>
      memo(
        labels,
        exchange,
        () => to.label({ name: exchange.name, kind: exchange.kind, exchange }),
      ),
    block: (exchange: StepExchange) =>
      memo(blocks, exchange, () => ({
        label: to.label({ name: `beside ${exchange.name}`, kind: exchange.kind }),
        seconds: exchange.seconds.map((whole) => whole * exchange.blockShare),
      })),
  };
}

/** Labels of a graph. */
export type Labels = ReturnType<typeof createLabels>;

/** Adds the tasks of a stage. */
export function addStage(
  to: StepGraph,
  of: {
    stage: number;
    operations: number;
    line: readonly LineEntry[];
    sendingOf: (operation: number) => Sending | undefined;
    labels: Labels;
  },
): StageRows {
  const { stage, operations, line, labels } = of;
  const unknown = () => new Int32Array(operations).fill(NO_ROW);
  const rows: StageRows = {
    ...{ first: unknown(), last: unknown(), sent: unknown(), compute: NO_ROW, data: NO_ROW },
  };
  const tokens = unknown();
  const gathers = line.flatMap(({ item }, at) => item.gather ? [at] : []);
  const gathered: number[] = [];
  let pending: Pending[] = [];
  const awaited: number[] = [];
  let owed: Pending | undefined;

  function begin(exchange: StepExchange, after: number, kind: "experts" | "data"): number {
    const label = labels.exchange(exchange);
    const row = to.exchange({ stage, stream: exchange.stream, label }, exchange);
    if (after !== NO_ROW) to.meet(row, after, kind);
    if (kind === "data") rows.data = row;
    if (exchange.blockShare > 0) pending.push({ row, exchange });
    return row;
  }
  /** Lets kernels stand still beside what was begun, but for what they wait for anyway. */
  function stand(needed: number[], alone: number[] = []): void {
    for (const { row, exchange } of pending) {
      if (needed.includes(row)) continue;
      const { label, seconds } = labels.block(exchange);
      rows.compute = to.row({ stage, stream: "compute", label }, seconds);
      for (const exchange of alone) to.after(rows.compute, exchange);
    }
    pending = [];
  }
  function gather(at: number): void {
    const exchange = line[gathers[at]]?.item.gather;
    if (exchange === undefined || gathered[at] !== undefined) return;
    gathered[at] = begin(exchange, rows.compute, "data");
  }
  function run({ operation, item }: LineEntry, needed: number[]): void {
    const seconds = labels.secondsOf(item);
    const stops = item.parts.some(({ kind }) => kind !== "compute");
    const before = rows.compute;
    const row = to.row({ stage, stream: "compute", label: labels.item(item) }, seconds);
    for (const exchange of needed) to.after(row, exchange);
    if (stops && before !== NO_ROW) {
      to.sync(row, before, "tensor");
      to.sync(row, before, "context");
    }
    rows.compute = row;
    if (rows.first[operation] === NO_ROW) rows.first[operation] = row;
    if (item.starts) tokens[operation] = begin(item.starts, row, "experts");
    if (item.scatter) owed = { exchange: item.scatter, row };
  }
  /** Begins to reduce what the item before gave, behind the parameters that are needed first. */
  function reduce(): void {
    if (owed === undefined) return;
    const row = begin(owed.exchange, owed.row, "data");
    if (owed.exchange.alone) awaited.push(row);
    owed = undefined;
  }
  function send({ operation }: LineEntry): void {
    rows.last[operation] = rows.compute;
    const sending = of.sendingOf(operation);
    if (!sending) return;
    const { exchange, blocks } = sending;
    const stream = blocks ? "compute" : exchange.stream;
    const label = labels.exchange(exchange);
    const row = to.exchange({ stage, stream, label, to: sending.to }, exchange);
    to.after(row, rows.compute);
    if (blocks) rows.compute = row;
    rows.sent[operation] = row;
  }

  // Parameters that stay come as soon as they can, shards one layer ahead of their use.
  line.forEach(({ item }, at) => {
    if (item.gather?.kind === "data" && !item.gather.alone) gather(gathers.indexOf(at));
  });
  stand([]);
  let next = 0;
  for (const entry of line) {
    const { item, operation } = entry;
    const needed: number[] = [];
    if (item.gather) {
      gather(next);
      needed.push(gathered[next++]);
      // The parameters of the layer behind this one come while this one runs, and before the
      // gradients of the last one go, unless those are waited for.
      if (owed?.exchange.alone) reduce();
      if (!item.gather.alone) gather(next);
    }
    reduce();
    const alone = awaited.splice(0);
    needed.push(...alone);
    if (item.waits) needed.push(tokens[operation]);
    stand(needed, alone);
    run(entry, needed);
    if (entry.last) send(entry);
  }
  reduce();
  return rows;
}
