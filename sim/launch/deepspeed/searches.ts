/**
 * Plans that DeepSpeed's JSON can say, as products of lists.
 *
 * @module
 */
import { type Lists, type ListSite, narrowed, products, usualRows } from "../narrowed.ts";

/** The products; see the module. */
export function deepspeedSearches({ lists }: ListSite): Lists[] {
  const one = (values: readonly number[]) => values.filter((value) => value === 1);
  const off = (values: readonly boolean[]) => values.filter((value) => !value);
  const shared: Lists = {
    ...{ pp: one(lists.pp), vpp: one(lists.vpp), ep: one(lists.ep), etp: one(lists.etp) },
    schedule: lists.schedule.filter((name) => name === "1f1b"),
    sequenceParallel: off(lists.sequenceParallel),
    contextExchange: lists.contextExchange.filter((name) => name === "a2a"),
    recompute: lists.recompute.filter((what) => what.length === 0 || what === "none"),
    precision: lists.precision.filter((name) => ["fp32", "fp16", "bf16"].includes(name)),
    dispatch: lists.dispatch.filter(usualRows),
    combine: lists.combine.filter(usualRows),
    dispatcher: lists.dispatcher.slice(0, 1),
    experts: lists.experts.filter((name) => name === "none"),
  };
  const zero = (...stages: number[]) => lists.zero.filter((stage) => stages.includes(stage));
  const sharding: Lists[] = [
    { zero: zero(0), gradients: off(lists.gradients), parameters: off(lists.parameters) },
    { zero: zero(1, 2), parameters: off(lists.parameters) },
    { zero: zero(3), tp: one(lists.tp) },
  ];
  // Context ranks and tensor ranks are not joined.
  const ranks: Lists[] = [
    { cp: one(lists.cp) },
    { cp: lists.cp.filter((cp) => cp > 1), tp: one(lists.tp) },
  ];
  return products(sharding, ranks).map((part) => ({ ...shared, ...narrowed(part, shared) }));
}
