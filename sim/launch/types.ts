/**
 * What is written for a launcher, and what is read from one's configuration.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Workload } from "../cost/workload.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/plan_input.ts";
import type { Lists, ListSite } from "./narrowed.ts";
import type { LaunchArguments, Settings } from "./settings.ts";

/** The launchers that are known. */
export const launcherNames = ["megatron-lm", "megatron-bridge", "deepspeed", "torchtitan"] as const;

/** One of them. */
export type LauncherName = typeof launcherNames[number];

/** What is to be launched. */
export interface LaunchInput {
  /** Complete plan. */
  plan: Plan;
  /** Model. */
  model: Model;
  /** Where it runs. */
  cluster: Cluster;
  /** What it is fed with. */
  workload: Workload;
}

/** A configuration for a launcher. */
export interface LaunchText {
  /** Launcher. */
  launcher: LauncherName;
  /** The version whose arguments these are. */
  version: string;
  /** The text: a shell command, key=value lines, JSON or TOML. */
  text: string;
  /** What the user still has to say or to know. */
  notes: readonly string[];
}

/** An argument that was read over, and why. */
export interface IgnoredArgument {
  /** Its name. */
  argument: string;
  /** Why. */
  why: string;
}

/** Fields of a model by path. */
export type LaunchModel = Readonly<Record<string, string | number | boolean>>;

/** What a configuration says. */
export interface LaunchReading {
  /** Launcher. */
  launcher: LauncherName;
  /**
   * The part of a plan that it says, with what the launcher does where nothing is said; what depends
   * on the number of devices is left out where that is not said.
   */
  plan: PlanInput;
  /** Devices of the job, where they are said. */
  devices?: number;
  /** Fields of the model that it states, by path: "moe.topK". */
  model: LaunchModel;
  /** Tokens of a sequence, where they are said. */
  sequence?: number;
  /** Arguments that were understood. */
  understood: readonly string[];
  /** Arguments that say nothing of ours, or nothing that could be said. */
  ignored: readonly IgnoredArgument[];
}

/** Takes note of what a launcher cannot say: what was wanted, and the nearest that it has. */
export type Refuse = (wanted: string, nearest: string) => void;

/** What a launcher is told before it is text. */
export interface Told {
  /** Arguments. */
  settings: Settings;
  /** What the user still has to say or to know. */
  notes?: readonly string[];
}

/** Arguments as they were read, before they are understood. */
export interface Parsed {
  /** Values by name, as the format has them: words of a command line, JSON values. */
  values: Readonly<Record<string, unknown>>;
  /** Devices of the job, where the command says them. */
  devices?: number;
  /** Names whose value the script computes. */
  computed?: readonly string[];
}

/** A launcher. */
export interface Launcher {
  /** Name, as people write it. */
  name: string;
  /** The version whose arguments and rules are followed. */
  version: string;
  /** Files that say them. */
  sources: readonly string[];
  /** The arguments that say something of ours. */
  arguments: LaunchArguments;
  /** Why an argument that says nothing of ours is read over, undefined where it is not known. */
  ignores(name: string): string | undefined;
  /** Tells the plan, and takes note of what cannot be told. */
  tell(input: LaunchInput, refuse: Refuse): Told;
  /** Rules of the launcher that settings break. */
  faults(settings: Settings, input: LaunchInput): string[];
  /** Formats that it has where nobody says otherwise, beside BF16 weights. */
  formats: Plan["formats"];
  /** Products of lists whose plans it can be told, but for rules between fields. */
  searches(site: ListSite): Lists[];
  /** Settings as text. */
  write(settings: Settings, input: LaunchInput): string;
  /** Text as values. */
  parse(text: string): Parsed;
  /** What settings say, with what was ignored on the way. */
  read(
    settings: Settings,
    devices: number | undefined,
  ): Pick<LaunchReading, "plan" | "model" | "sequence"> & { ignored?: readonly IgnoredArgument[] };
}
