/**
 * Plans that torchtitan can be told, as products of lists.
 *
 * @module
 */
import { scheduleFacts } from "../../pipeline/schedule.ts";
import { type Lists, type ListSite, narrowed, products, usualRows } from "../narrowed.ts";
import { scheduleClasses } from "./arguments.ts";

const one = (values: readonly number[]) => values.filter((value) => value === 1);

/** Schedules with the overlap of sends that goes with them, and what may hide tokens. */
function cuts({ lists }: ListSite): Lists[] {
  const known = lists.schedule.filter((name) => Object.values(scheduleClasses).includes(name));
  const sends = (name: typeof known[number]) =>
    scheduleFacts[name].splits || name === "interleaved";
  const staged = lists.pp.filter((pp) => pp > 1);
  const apart = lists.experts.filter((name) => name === "none");
  const beside = (wanted: boolean) => lists.pipeline.filter((value) => value === wanted);
  return [
    {
      ...{ schedule: known.filter((name) => name === "1f1b"), vpp: one(lists.vpp) },
      ...{ pipeline: beside(false), experts: apart },
    },
    {
      ...{ schedule: known.filter((name) => name === "gpipe"), pp: staged, vpp: one(lists.vpp) },
      ...{ pipeline: beside(false), experts: apart },
    },
    {
      ...{ schedule: known.filter((name) => name === "interleaved"), pp: staged },
      vpp: lists.vpp.filter((vpp) => vpp > 1),
      ...{ pipeline: beside(true), experts: apart },
    },
    {
      schedule: known.filter((name) => sends(name) && name !== "interleaved"),
      ...{ pp: staged, vpp: one(lists.vpp), pipeline: beside(true), experts: apart },
    },
    {
      ...{ schedule: known.filter((name) => name === "dualpipe-v"), pp: staged },
      ...{ vpp: one(lists.vpp), pipeline: beside(true) },
      experts: lists.experts.filter((name) => name === "dualpipe"),
      recompute: lists.recompute.filter((what) => what === "none"),
    },
  ];
}

/** The products; see the module. */
export function torchtitanSearches(site: ListSite): Lists[] {
  const { lists } = site;
  const shared: Lists = {
    sequenceParallel: lists.sequenceParallel.filter((value) => value),
    contextExchange: lists.contextExchange.filter((name) => name !== "a2a"),
    recompute: lists.recompute.filter((what) => typeof what === "string" || what.length === 0),
    precision: lists.precision.filter((name) => ["fp32", "bf16", "fp8", "mxfp8"].includes(name)),
    dispatch: lists.dispatch.filter(usualRows),
    combine: lists.combine.filter(usualRows),
    dispatcher: lists.dispatcher.filter((name) => name === "all-to-all" || name === "deepep"),
    gradients: lists.gradients.filter((value) => value),
    parameters: lists.parameters.filter((value) => value),
  };
  // Replicas alone, or shards beside any other ranks.
  const sharding: Lists[] = [
    {
      zero: lists.zero.filter((zero) => zero === 0),
      ...{ tp: one(lists.tp), cp: one(lists.cp), pp: one(lists.pp) },
      ...{ ep: one(lists.ep), etp: one(lists.etp) },
    },
    { zero: lists.zero.filter((zero) => zero >= 2) },
  ];
  return products(sharding, cuts(site)).map((part) => ({ ...shared, ...narrowed(part, shared) }));
}
