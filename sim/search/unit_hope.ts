/**
 * Whether a unit may have plans worth keeping, before its cuts are looked at.
 *
 * Parameters that are sharded (ZeRO 3) take little memory and much time: they are gathered and scattered
 * for every micro-batch. So both kinds of plans have bounds of their own.
 *
 * @module
 */
import { type CrudeBatch, crudeOfBatch } from "./crude_bound.ts";
import { mostSeconds } from "./incumbents.ts";
import type { ShardSeconds } from "./layer_tables.ts";
import type { SearchUnit } from "./search_units.ts";
import { leastShards } from "./time_bound.ts";
import type { UnitSite } from "./unit_site.ts";
import { type ByWay, ways } from "./ways.ts";

/** What hope follows from. */
type HopeSite = Pick<UnitSite, "space" | "known" | "rules">;

/** Exchanges of sharded parameters of a micro-batch, for each group that may share them. */
function shardsOf({ degrees }: SearchUnit, { base, lists, tables }: HopeSite["space"]) {
  const { shardRanks: _any, ...plan } = { ...base, ...degrees };
  return lists.shardRanks.map((shardRanks) =>
    tables.shards(shardRanks === undefined ? plan : { ...plan, shardRanks })
  );
}

/** Seconds that all exchanges of sharded parameters add to a step at least, and take in all. */
function leastOfShards(
  all: readonly ShardSeconds[],
  microBatches: number,
  { lists, site }: HopeSite["space"],
): { added: number; all: number } {
  const least = { added: Infinity, all: Infinity };
  for (const precision of lists.precision) {
    for (const seconds of all) {
      const own = leastShards(seconds, { lists, microBatches, machine: site.machine(precision) });
      least.added = Math.min(least.added, own.added);
      least.all = Math.min(least.all, own.all);
    }
  }
  return least;
}

/** Least bytes of those plans of a micro-batch that may be worth keeping, by way; undefined for none. */
export type UnitHope = (microBatch: number) => ByWay | undefined;

/** What of a unit's micro-batches may be worth keeping; what is known may grow meanwhile. */
export function unitHope(unit: SearchUnit, { space, known, rules }: HopeSite): UnitHope {
  const { site: { limitBytes, problem: { globalBatch } } } = space;
  const { degrees: { dp, pp }, crude, leastSeconds } = unit;
  const cuts = space.cuts(pp);
  const shardable = crude.always.sharded < Infinity;
  let shards: ShardSeconds[] | undefined;

  function hopes(batch: CrudeBatch, of: { sharded: boolean; added: number; all: number }): boolean {
    const { sharded, added, all } = of;
    for (let way = 0; way < ways.length; way++) {
      const bytes = crudeOfBatch(crude, batch, { way, sharded });
      if (bytes > limitBytes) continue;
      const seconds = Math.max(leastSeconds[way] + added, all);
      if (seconds <= mostSeconds(known, bytes, rules)) return true;
    }
    return false;
  }

  /** Whether plans with sharded parameters may be worth keeping, which take longer. */
  function hopesSharded(batch: CrudeBatch): boolean {
    if (!shardable || !hopes(batch, { sharded: true, added: 0, all: 0 })) return false;
    shards ??= shardsOf(unit, space);
    const least = leastOfShards(shards, batch.microBatches, space);
    return hopes(batch, { sharded: true, ...least });
  }

  return (microBatch) => {
    const microBatches = globalBatch / (dp * microBatch);
    const batch = { microBatch, microBatches, held: cuts.least(microBatches) };
    const sharded = hopesSharded(batch);
    const whole = hopes(batch, { sharded: false, added: 0, all: 0 });
    if (!sharded && !whole) return undefined;
    return ways.map((_, way) =>
      Math.min(
        whole ? crudeOfBatch(crude, batch, { way, sharded: false }) : Infinity,
        sharded ? crudeOfBatch(crude, batch, { way, sharded: true }) : Infinity,
      )
    );
  };
}

/** Whether nothing of a unit can be kept. */
export function isHopelessUnit(unit: SearchUnit, of: HopeSite): boolean {
  const { known, rules } = of;
  const most = mostSeconds(known, 0, rules);
  if (unit.leastSeconds.every((seconds) => seconds > most)) return true;
  const hope = unitHope(unit, of);
  return !unit.microBatches.some((microBatch) => hope(microBatch) !== undefined);
}
