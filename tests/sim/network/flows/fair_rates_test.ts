import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fairRates } from "../../../../sim/network/flows/fair_rates.ts";

const LINKS = 6;
const flow = fc.record({
  links: fc.uniqueArray(fc.nat(LINKS - 1), { minLength: 1, maxLength: 4 }),
  count: fc.integer({ min: 1, max: 3 }),
});
const flows = fc.array(flow, { minLength: 1, maxLength: 12 });
const capacities = fc.array(fc.integer({ min: 1, max: 100 }), {
  minLength: LINKS,
  maxLength: LINKS,
});

Deno.test("three flows over two links, as in the textbook", () => {
  const rates = fairRates([{ links: [0] }, { links: [0, 1] }, { links: [1] }], [10, 4]);
  assertEquals([...rates], [8, 2, 2]);
});

Deno.test("a flow without links is free, and one over a dead link stands", () => {
  assertEquals([...fairRates([{ links: [] }, { links: [0] }], [0])], [Infinity, 0]);
  assertEquals([...fairRates([], [1])], []);
});

Deno.test("links without a capacity are refused", () => {
  assertThrows(() => fairRates([{ links: [1] }], [1]), RangeError, "link 1 of capacity undefined");
  assertThrows(() => fairRates([{ links: [0] }], [-1]), RangeError, "link 0 of capacity -1");
});

Deno.test("no link carries more than it can, and each flow is among the fastest of a full one", () => {
  fc.assert(
    fc.property(flows, capacities, (flows, capacities) => {
      const rates = fairRates(flows, capacities);
      const load = capacities.map((_, link) =>
        flows.reduce((sum, f, i) => sum + (f.links.includes(link) ? f.count * rates[i] : 0), 0)
      );
      const fastest = capacities.map((_, link) =>
        Math.max(...flows.map((f, i) => f.links.includes(link) ? rates[i] : 0))
      );
      load.forEach((sum, link) => assert(sum <= capacities[link] * (1 + 1e-9)));
      flows.forEach(({ links }, i) =>
        assert(
          links.some((link) =>
            load[link] >= capacities[link] * (1 - 1e-9) && rates[i] >= fastest[link] * (1 - 1e-9)
          ),
        )
      );
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("a flow that stands for several is as fast as each of them, and order is nothing", () => {
  fc.assert(
    fc.property(flows, capacities, (flows, capacities) => {
      const folded = fairRates(flows, capacities);
      const single = flows.flatMap(({ links, count }) =>
        Array.from({ length: count }, () => ({ links }))
      );
      const apart = fairRates(single.toReversed(), capacities).toReversed();
      let at = 0;
      flows.forEach(({ count }, i) => {
        assertAlmostEquals(folded[i], apart[at], folded[i] * 1e-9);
        at += count;
      });
    }),
    { seed: 1, numRuns: 100 },
  );
});
