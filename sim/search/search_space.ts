/**
 * A search made ready: degrees that hold and may fit, in the order in which they are looked at.
 *
 * The order follows from the problem alone, so that workers who share a search agree on it.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { ChoiceLists } from "./choice_lists.ts";
import { choicesOf, plansBelow, rowFormats, spaceOf } from "./choices.ts";
import { emptyTally, type Tally } from "./counts.ts";
import { crudeTable } from "./crude_bound.ts";
import { cutsOf } from "./cuts.ts";
import { degreeFloors } from "./degree_floor.ts";
import { type LayerTables, layerTables } from "./layer_tables.ts";
import { type LeafTable, leafTable } from "./leaf_options.ts";
import { modelLayers } from "./model_layers.ts";
import { type SearchProblem, type SearchSite, searchSite } from "./problem.ts";
import { type SearchUnit, unitFields, unitsOf, type UnitSpace } from "./search_units.ts";

/** What takes longest to make ready: plain data, for others who search the same problem. */
export interface PreparedUnits {
  /** Units, the most promising first. */
  units: readonly SearchUnit[];
  /** What fell before any unit was looked at. */
  tally: Tally;
}

/** A search made ready; see the module. */
export interface PreparedSearch extends UnitSpace {
  /** Units, the most promising first. */
  units: readonly SearchUnit[];
  /** Plans of the space. */
  enumerated: bigint;
  /** Formats of a plan with the narrowest of rows; see `row_formats.ts` for those that are tried. */
  formats: Plan["formats"];
  /** Layers of the model by kind. */
  layers: readonly number[];
  /** Prices of layers. */
  tables: LayerTables;
  /** What is left to choose behind a cut. */
  leaves: LeafTable;
}

/** A plan to start from: what is held, and what the lists will say. */
function basePlan(site: SearchSite, lists: ChoiceLists): Plan {
  const { fix = {}, globalBatch } = site.problem;
  return {
    ...{ tp: 1, cp: 1, dp: site.devices, pp: 1, vpp: 1, ep: 1, etp: 1 },
    sequenceParallel: false,
    contextExchange: lists.contextExchange[0],
    zero: lists.zero[0],
    schedule: lists.schedule[0],
    ...(fix.stageLayers && { stageLayers: fix.stageLayers }),
    ...{ microBatch: 1, globalBatch, recompute: lists.recompute[0] },
    offload: { optimizer: 0, activationLayers: 0, ...fix.offload },
    precision: lists.precision[0],
    formats: { ...fix.formats },
    dispatcher: lists.dispatcher[0],
    overlap: {
      ...{ gradients: lists.gradients[0], parameters: lists.parameters[0] },
      ...{ tensor: lists.tensor[0], pipeline: lists.pipeline[0], experts: lists.experts[0] },
    },
    ...(fix.capacityFactor !== undefined && { capacityFactor: fix.capacityFactor }),
  };
}

/**
 * Makes a search ready.
 *
 * @param known What was made ready elsewhere.
 * @throws {UserError} for a problem that cannot be.
 */
export function prepareSearch(problem: SearchProblem, known?: PreparedUnits): PreparedSearch {
  const site = searchSite(problem);
  const lists = choicesOf(site);
  const base = basePlan(site, lists);
  const perCut = plansBelow(lists, [...unitFields, "microBatch", "schedule", "vpp"]);
  const space = {
    ...{ site, lists, base, perCut, enumerated: spaceOf(lists), tally: emptyTally() },
    floors: degreeFloors(site, lists, base),
    leaves: leafTable({ site, lists, perCut }),
    cuts: cutsOf(site, lists, base),
    tables: layerTables(site, lists, base),
    crude: crudeTable({ site, lists, plan: base, layers: modelLayers(site) }),
    layers: modelLayers(site),
    formats: rowFormats(base, lists),
  };
  return { ...space, ...(known ?? { units: unitsOf(space) }) };
}
