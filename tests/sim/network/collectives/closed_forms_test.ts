/** Closed forms and flows count the same thing twice: in symmetric cases they agree within 1 %. */
import { assert } from "@std/assert";
import fc from "fast-check";
import {
  allGatherSeconds,
  allToAllSeconds,
  broadcastSeconds,
  dispatchSeconds,
  type Group,
  reduceScatterSeconds,
  ringAllReduceSeconds,
  ringExchangeSeconds,
  sendSeconds,
  treeAllReduceSeconds,
  twoLevelAllReduceSeconds,
} from "../../../../sim/network/closed/mod.ts";
import { compileFabric, type Fabric } from "../../../../sim/network/fabric.ts";
import { bareSoftware } from "../../../../sim/network/software.ts";
import type { Collective } from "../../../../sim/network/collectives/collective.ts";
import {
  directAllToAll,
  evenMatrix,
  pairwiseAllToAll,
  twoLevelAllToAll,
} from "../../../../sim/network/collectives/exchange.ts";
import { byDomain, domainRings } from "../../../../sim/network/collectives/groups.ts";
import { hierarchicalAllReduce } from "../../../../sim/network/collectives/hierarchical.ts";
import { railDispatch } from "../../../../sim/network/collectives/rail_exchange.ts";
import {
  ringAllGather,
  ringAllReduce,
  ringExchange,
  ringReduceScatter,
} from "../../../../sim/network/collectives/ring.ts";
import { pointToPoint } from "../../../../sim/network/collectives/send.ts";
import { chainBroadcast, treeAllReduce } from "../../../../sim/network/collectives/tree.ts";
import { secondsOf, toyTopology, upTo } from "./toy.ts";

/** Powers of two of bytes, ranks of a node and nodes. */
const shapes = fc.record({
  bytes: fc.integer({ min: 8, max: 34 }).map((x) => 2 ** x),
  inside: fc.constantFrom(2, 4, 8),
  nodes: fc.constantFrom(2, 4),
  nic: fc.constantFrom(5, 10, 25),
});

interface Case {
  bytes: number;
  ranks: number[];
  domains: number[][];
  group: Group;
  inside: Group;
  fabric: Fabric;
}

/** Holds a closed form to a collective over the shapes. */
function agree(
  name: string,
  closed: (at: Case) => number,
  flows: (at: Case) => Collective,
  options: { runs?: number; bytes?: number; slowCards?: boolean } = {},
): void {
  Deno.test(`closed form and flows agree: ${name}`, () => {
    fc.assert(
      fc.property(shapes, ({ bytes, inside, nodes, nic }) => {
        const card = options.slowCards ? Math.min(nic, 100 / inside) : nic;
        const topology = toyTopology(inside * nodes, { node: inside, nic: card });
        const ranks = upTo(inside * nodes);
        const at: Case = {
          bytes: options.bytes ?? bytes,
          ranks,
          domains: byDomain(ranks, topology.cluster),
          group: { ranks: ranks.length, perDomain: inside },
          inside: { ranks: inside, perDomain: inside },
          fabric: compileFabric(topology.cluster, { software: bareSoftware }),
        };
        const [form, flow] = [closed(at), secondsOf(flows(at), topology)];
        assert(Math.abs(form / flow - 1) < 0.01, `${form} s by closed form, ${flow} s by flows`);
      }),
      { seed: 1, numRuns: options.runs ?? 20 },
    );
  });
}

agree(
  "ring exchange in a node",
  ({ bytes, inside, fabric }) => ringExchangeSeconds(bytes, inside, fabric),
  ({ bytes, inside }) => ringExchange(upTo(inside.ranks), bytes),
);
agree(
  "ring exchange across nodes",
  ({ bytes, group, fabric }) => ringExchangeSeconds(bytes, group, fabric),
  ({ bytes, ranks }) => ringExchange(ranks, bytes),
);
agree(
  "ring all-reduce in a node",
  ({ bytes, inside, fabric }) => ringAllReduceSeconds(bytes, inside, fabric),
  ({ bytes, domains }) => ringAllReduce(domains[0], bytes),
);
agree(
  "ring all-gather in a node",
  ({ bytes, inside, fabric }) => allGatherSeconds(bytes, inside, fabric),
  ({ bytes, domains }) => ringAllGather(domains[0], bytes),
);
agree(
  "ring reduce-scatter of one rank a node",
  ({ bytes, domains, fabric }) =>
    reduceScatterSeconds(bytes, { ranks: domains.length, perDomain: 1 }, fabric),
  ({ bytes, domains }) => ringReduceScatter(domains.map(([rank]) => rank), bytes),
);
// Where a ring crosses nodes the form adds latencies to the time of the wire, the flows hide some of
// them behind it: they meet where either is small. Where the inner ports are the slower ones, the form
// counts all steps there and the flows leave out the one of L that goes over the card.
agree(
  "large ring all-reduce over nodes",
  ({ bytes, group, fabric }) => ringAllReduceSeconds(bytes, group, fabric),
  ({ bytes, ranks, domains }) => ringAllReduce(ranks, bytes, { rings: domainRings(domains) }),
  { bytes: 2 ** 34, slowCards: true },
);
agree(
  "small ring all-gather over nodes",
  ({ bytes, group, fabric }) => allGatherSeconds(bytes, group, fabric),
  ({ bytes, ranks, domains }) =>
    ringAllGather(ranks, bytes, { rings: domainRings(domains), barrier: false }),
  { bytes: 2 ** 8, runs: 4 },
);
agree(
  "two-level all-reduce",
  ({ bytes, group, fabric }) => twoLevelAllReduceSeconds(bytes, group, fabric),
  ({ bytes, domains }) => hierarchicalAllReduce(domains, bytes),
);
agree(
  "large tree all-reduce in a node",
  ({ bytes, inside, fabric }) => treeAllReduceSeconds(bytes, inside, fabric),
  ({ bytes, domains }) => treeAllReduce(domains[0], bytes, { pieces: 128 }),
  { bytes: 2 ** 32, runs: 3 },
);
agree(
  "large broadcast in a node",
  ({ bytes, inside, fabric }) => broadcastSeconds(bytes, inside, fabric),
  ({ bytes, domains }) => chainBroadcast(domains[0], bytes, { pieces: 1024 }),
  { bytes: 2 ** 34, runs: 2 },
);
agree(
  "direct all-to-all",
  ({ bytes, group, fabric }) => allToAllSeconds(bytes, group, fabric),
  ({ bytes, ranks }) => directAllToAll(ranks, evenMatrix(ranks.length, bytes)),
);
agree(
  "pairwise all-to-all",
  ({ bytes, group, fabric }) => allToAllSeconds(bytes, group, fabric, { algorithm: "pairwise" }),
  ({ bytes, ranks }) => pairwiseAllToAll(ranks, evenMatrix(ranks.length, bytes)),
);
agree(
  "two-level all-to-all",
  ({ bytes, group, fabric }) => allToAllSeconds(bytes, group, fabric, { algorithm: "two-level" }),
  ({ bytes, ranks, domains }) => twoLevelAllToAll(domains, evenMatrix(ranks.length, bytes)),
);
agree(
  "large dispatch without duplicates",
  ({ bytes, group, fabric }) => dispatchSeconds(bytes, group, fabric, { copies: 1 }),
  ({ bytes, ranks, domains }) =>
    railDispatch({
      domains,
      bytes_RN: ranks.map(() => domains.map(() => bytes / domains.length)),
      bytes_RR: evenMatrix(ranks.length, bytes),
    }, { chunks: 256 }),
  { bytes: 2 ** 34, runs: 2 },
);
agree(
  "send",
  ({ bytes, fabric }) => sendSeconds(bytes, false, fabric),
  ({ bytes, domains }) => pointToPoint(domains[0][0], domains[1][1], bytes),
);
