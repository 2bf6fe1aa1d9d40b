/**
 * Plans that would win if something changed.
 *
 * @module
 */
import type { FoundPlan } from "../search/incumbents.ts";
import type { SiteInput } from "./site_changes.ts";

/** A rival and the change that lets it win. */
export interface RivalPlan {
  /** What is changed. */
  input: SiteInput;
  /** Factor at which the rival wins. */
  factor: number;
  /** The last factor known at which the winner still does. */
  stillFactor: number;
  /** The rival as things are. */
  rival: FoundPlan;
  /** Seconds of the winner's step with the change; Infinity where it does not fit. */
  winnerSeconds: number;
  /** Seconds of the rival's step with the change. */
  rivalSeconds: number;
}

/** An input, and who would win with more or less of it. */
export interface InputRivals {
  /** The input. */
  input: SiteInput;
  /** With less of it; none up to the widest factor where undefined. */
  less?: RivalPlan;
  /** With more of it. */
  more?: RivalPlan;
}
