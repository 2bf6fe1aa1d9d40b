/**
 * The choices by kind.
 *
 * @module
 */
import type { SpecOf } from "../shorthand.ts";
import { assignmentSelect, sampleSelect, sinkhornSelect } from "./balanced.ts";
import { dselectSelect } from "./dselect.ts";
import { expertChoiceSelect } from "./expert_choice.ts";
import { hashSelect, randomSelect, tagSelect, tagThenHashSelect } from "./fixed.ts";
import { hierarchicalSelect, prototypesSelect } from "./grouped.ts";
import { depthSelect, gumbelBestSelect } from "./later.ts";
import { lightSelect } from "./light.ts";
import { kindsSelect, mergeSelect } from "./merged.ts";
import { productKeySelect } from "./product_key.ts";
import type { Selector } from "./run.ts";
import { acrossSelect, slotsSelect } from "./soft.ts";
import type { SelectSpec } from "./specs.ts";
import { aboveSelect, aboveZeroSelect, allSelect, topAnySelect } from "./threshold.ts";
import { limitedSelect, randomSecondSelect, topKSelect } from "./top_k.ts";

/** Selectors by kind. */
export const selectors: {
  readonly [K in SelectSpec["kind"]]: Selector<SpecOf<SelectSpec, K>>;
} = {
  "top-k": topKSelect,
  limited: limitedSelect,
  "random-second": randomSecondSelect,
  prototypes: prototypesSelect,
  hierarchical: hierarchicalSelect,
  "top-any": topAnySelect,
  "above-zero": aboveZeroSelect,
  above: aboveSelect,
  all: allSelect,
  "product-key": productKeySelect,
  light: lightSelect,
  dselect: dselectSelect,
  sample: sampleSelect,
  assignment: assignmentSelect,
  sinkhorn: sinkhornSelect,
  hash: hashSelect,
  random: randomSelect,
  tag: tagSelect,
  "tag-then-hash": tagThenHashSelect,
  "expert-choice": expertChoiceSelect,
  depth: depthSelect,
  "gumbel-best": gumbelBestSelect,
  slots: slotsSelect,
  merge: mergeSelect,
  kinds: kindsSelect,
  across: acrossSelect,
};

/** The selector of a spec. */
export function selectorOf(spec: SelectSpec): Selector {
  return selectors[spec.kind] as Selector;
}
