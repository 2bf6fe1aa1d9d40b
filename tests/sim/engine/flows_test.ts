import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createFlowNetwork } from "../../../sim/engine/flow_network.ts";
import { createGraph } from "../../../sim/engine/graph.ts";
import { runGraph } from "../../../sim/engine/run_graph.ts";

interface Case {
  capacity: number[];
  flows: { links: number[]; bytes: number; latencySeconds: number }[];
}

const latencies = fc.constantFrom(0, 0, 0.5, 1, 2);
const cases = (latency: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc.record({
    capacity: fc.array(fc.double({ min: 0.5, max: 20, noNaN: true }), {
      minLength: 1,
      maxLength: 8,
    }),
    flows: fc.array(
      fc.record({
        links: fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }),
        bytes: fc.constantFrom(0, 1, 1, 2.5, 10, 100),
        latencySeconds: latency,
      }),
      { maxLength: 20 },
    ),
  }).map(({ capacity, flows }) => ({
    capacity,
    flows: flows.map((flow) => ({
      ...flow,
      links: [...new Set(flow.links.map((link) => link % capacity.length))],
    })),
  }));

function graphOf({ capacity, flows }: Case, factor = 1) {
  const graph = createGraph();
  capacity.forEach((c, i) => graph.link({ name: `l${i}`, bytesPerSecond: c * factor }));
  flows.forEach((flow) => graph.flow(flow));
  return graph;
}

/** Water rises over all flows; whoever meets a full link stays. No heap, no components. */
function slowRates(capacity: number[], active: { links: number[] }[]): number[] {
  const rates = active.map(() => -1);
  while (rates.includes(-1)) {
    const shares = capacity.map((c, link) => {
      const on = active.flatMap((flow, i) => flow.links.includes(link) ? [i] : []);
      const open = on.filter((i) => rates[i] < 0);
      const taken = on.filter((i) => rates[i] >= 0).reduce((sum, i) => sum + rates[i], 0);
      return open.length === 0 ? Infinity : (c - taken) / open.length;
    });
    const share = Math.min(...shares);
    const link = shares.indexOf(share);
    active.forEach((flow, i) => {
      if (rates[i] < 0 && flow.links.includes(link)) rates[i] = share;
    });
  }
  return rates;
}

/** Ends of flows that begin after their latency, by small steps of thought. */
function slowEnds({ capacity, flows }: Case): number[] {
  const left = flows.map(({ bytes }) => bytes);
  const ends = flows.map(({ bytes, latencySeconds }) => bytes === 0 ? latencySeconds : Infinity);
  for (let now = 0; ends.includes(Infinity);) {
    const active = flows.flatMap((flow, i) =>
      ends[i] === Infinity && flow.latencySeconds <= now ? [i] : []
    );
    const rates = slowRates(capacity, active.map((i) => flows[i]));
    const begins = flows.map((flow) => flow.latencySeconds).filter((at) => at > now);
    const nextEnd = Math.min(...active.map((i, k) => now + left[i] / rates[k]));
    const next = Math.min(nextEnd, ...begins);
    active.forEach((i, k) => {
      left[i] -= rates[k] * (next - now);
      if (left[i] <= 1e-9 * flows[i].bytes) ends[i] = next;
    });
    now = next;
  }
  return ends;
}

const close = (actual: number, expected: number) =>
  assertAlmostEquals(actual, expected, 1e-7 * Math.max(1, Math.abs(expected)));

Deno.test("two flows share a link, and the one that is left has it alone", () => {
  const graph = createGraph();
  const link = graph.link({ name: "up", bytesPerSecond: 10 });
  const other = graph.link({ name: "down", bytesPerSecond: 2 });
  graph.flow({ links: [link], bytes: 10 });
  graph.flow({ links: [link], bytes: 20, latencySeconds: 0.5 });
  graph.flow({ links: [other], bytes: 2 });
  graph.flow({ links: [], bytes: 0, latencySeconds: 4 });
  assertEquals([...runGraph(graph).end], [1.5, 3, 1, 4]);
});

Deno.test("what is left of a full link goes to those who can use it", () => {
  const graph = createGraph();
  const [wide, narrow] = [10, 2].map((bytesPerSecond, i) =>
    graph.link({ name: `${i}`, bytesPerSecond })
  );
  graph.flow({ links: [wide, narrow], bytes: 20 });
  graph.flow({ links: [wide], bytes: 80 });
  assertEquals([...runGraph(graph).end], [10, 10]);
});

Deno.test("a flow can take a lane, and tasks wait for flows", () => {
  const graph = createGraph();
  const lane = graph.lane({ rank: 0, stream: "experts" });
  const link = graph.link({ name: "up", bytesPerSecond: 1 });
  const sends = [1, 2].map((bytes) => graph.flow({ links: [link], bytes, lane }));
  const after = graph.addTask(graph.lane({ rank: 0, stream: "compute" }), 1);
  graph.edge(sends[1], after);
  const { start, end, previous, events } = runGraph(graph);
  assertEquals([...start], [0, 1, 3]);
  assertEquals([...end], [1, 3, 4]);
  assertEquals([previous[sends[1]], events], [sends[0], 5]);
});

Deno.test("rates and ends are those of slow filling", () => {
  fc.assert(
    fc.property(cases(latencies), (it) => {
      const { end } = runGraph(graphOf(it));
      slowEnds(it).forEach((seconds, i) => close(end[i], seconds));
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("no link carries more than it can, every flow has a full link, and no byte is lost", () => {
  fc.assert(
    fc.property(cases(fc.constant(0)), ({ capacity, flows }) => {
      const columns = graphOf({ capacity, flows }).columns().flows;
      const network = createFlowNetwork(columns);
      const moved = flows.map(() => 0);
      let open = flows.flatMap((_, i) => network.begin(i) ? [i] : []);
      for (let now = 0; open.length > 0;) {
        network.share(now);
        const load = capacity.map((_, link) =>
          open.filter((i) => flows[i].links.includes(link)).map((i) => network.rate(i))
        );
        const sum = (rates: number[]) => rates.reduce((a, b) => a + b, 0);
        capacity.forEach((c, link) => assert(sum(load[link]) <= c * (1 + 1e-9)));
        for (const i of open) {
          assert(flows[i].links.some((link) =>
            sum(load[link]) >= capacity[link] * (1 - 1e-9) &&
            load[link].every((rate) => rate <= network.rate(i) * (1 + 1e-9))
          ));
        }
        const next = network.nextEnd();
        for (const i of open) moved[i] += network.rate(i) * (next - now);
        for (let task = network.take(next); task >= 0; task = network.take(next)) {
          open = open.filter((i) => i !== task);
        }
        now = next;
      }
      flows.forEach(({ bytes }, i) => close(moved[i], bytes));
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("with all links faster by one factor, flows that start together end sooner by it", () => {
  fc.assert(
    fc.property(cases(fc.constant(0)), fc.double({ min: 1, max: 9, noNaN: true }), (it, factor) => {
      const [before, after] = [runGraph(graphOf(it)), runGraph(graphOf(it, factor))];
      before.end.forEach((seconds, i) => close(after.end[i] * factor, seconds));
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("one link that is faster may make the whole slower", () => {
  const makespan = (bytesPerSecond: number) =>
    runGraph(graphOf({
      capacity: [10, bytesPerSecond, 8],
      flows: [
        { links: [0, 1], bytes: 20, latencySeconds: 0 },
        { links: [0, 2], bytes: 80, latencySeconds: 0 },
      ],
    })).makespan;
  assertEquals([makespan(2), makespan(10)], [10, 11.5]);
});

Deno.test("flows that are alike end together, whatever rounding says", () => {
  const graph = createGraph();
  const ranks = 12;
  const port = (rank: number, way: string) =>
    graph.link({ name: `${rank} ${way}`, bytesPerSecond: 450e9 / 7 });
  const [up, down] = ["up", "down"].map((way) =>
    Array.from({ length: ranks }, (_, rank) => port(rank, way))
  );
  for (let a = 0; a < ranks; a++) {
    for (let b = 0; b < ranks; b++) {
      if (a !== b) graph.flow({ links: [up[a], down[b]], bytes: 1e6 / 3, latencySeconds: 1e-5 });
    }
  }
  const { end } = runGraph(graph);
  assertEquals(new Set(end).size, 1);
  close(end[0] / (1e-5 + 11 * 1e6 / 3 / (450e9 / 7)), 1);
});

Deno.test("flows of different pasts that should end at one time do so in spite of rounding", () => {
  const graph = createGraph();
  const link = graph.link({ name: "up", bytesPerSecond: 1 });
  const [n, end] = [40, 100];
  const begin = (i: number) => i < n ? i / 7 : end;
  for (let i = 0; i < n; i++) {
    let bytes = 0;
    for (let k = i; k < n; k++) bytes += (begin(k + 1) - begin(k)) / (k + 1);
    graph.flow({ links: [link], bytes, latencySeconds: begin(i) });
  }
  const ends = new Set(runGraph(graph).end);
  assertEquals(ends.size, 1);
  close([...ends][0], end);
});

Deno.test("a slow link is slow, and a link that has failed is refused by name", () => {
  const graph = createGraph();
  const [used, idle] = ["nic 0 up", "nic 1 up"].map((name) =>
    graph.link({ name, bytesPerSecond: 8 })
  );
  graph.flow({ links: [used], bytes: 8 });
  graph.scaleLink(idle, 0);
  graph.scaleLink(used, 0.25);
  assertEquals(runGraph(graph).makespan, 4);
  graph.scaleLink(used, 0);
  assertThrows(() => runGraph(graph), TypeError, 'over link "nic 0 up": it has failed');
});

Deno.test("links and flows that cannot be are refused", () => {
  const graph = createGraph();
  const link = graph.link({ name: "up", bytesPerSecond: 1 });
  assertThrows(() => graph.link({ name: "x", bytesPerSecond: 0 }), TypeError, 'link "x" of 0');
  assertThrows(() => graph.scaleLink(link, -1), TypeError, 'link "up" by -1');
  assertThrows(() => graph.scaleLink(7, 1), RangeError, "link 7: there are 1");
  assertThrows(() => graph.flow({ links: [7], bytes: 1 }), RangeError, "link 7: there are 1");
  assertThrows(() => graph.flow({ links: [link], bytes: -1 }), RangeError, "send -1 bytes");
  assertThrows(() => graph.flow({ links: [], bytes: 1 }), RangeError, "over no link");
  assertThrows(() => graph.flow({ links: [link, link], bytes: 1 }), RangeError, "link twice");
  const late = { links: [link], bytes: 1, latencySeconds: NaN };
  assertThrows(() => graph.flow(late), RangeError, "after NaN s");
});
