/**
 * The clusters that ship with the suite: one node or fast domain of each machine, by name.
 *
 * @module
 */
import a100 from "./presets/a100.json" with { type: "json" };
import a100_40gb from "./presets/a100-40gb.json" with { type: "json" };
import a100_pairwise from "./presets/a100-pairwise.json" with { type: "json" };
import a100_pcie from "./presets/a100-pcie.json" with { type: "json" };
import b200 from "./presets/b200.json" with { type: "json" };
import b300 from "./presets/b300.json" with { type: "json" };
import gb200 from "./presets/gb200.json" with { type: "json" };
import gb300 from "./presets/gb300.json" with { type: "json" };
import h100 from "./presets/h100.json" with { type: "json" };
import h100_96gb from "./presets/h100-96gb.json" with { type: "json" };
import h100_a3mega from "./presets/h100-a3mega.json" with { type: "json" };
import h100_pairwise from "./presets/h100-pairwise.json" with { type: "json" };
import h20 from "./presets/h20.json" with { type: "json" };
import h20_nic from "./presets/h20-nic.json" with { type: "json" };
import h200 from "./presets/h200.json" with { type: "json" };
import h800 from "./presets/h800.json" with { type: "json" };
import here from "./presets/this.json" with { type: "json" };
import v100 from "./presets/v100.json" with { type: "json" };
import { readCluster } from "./check.ts";
import type { Cluster } from "./cluster.ts";

/** Clusters by name. */
export const clusterPresets: Readonly<Record<string, Cluster>> = Object.fromEntries(
  [
    a100,
    a100_40gb,
    a100_pairwise,
    a100_pcie,
    b200,
    b300,
    gb200,
    gb300,
    h100,
    h100_96gb,
    h100_a3mega,
    h100_pairwise,
    h20,
    h20_nic,
    h200,
    h800,
    here,
    v100,
  ].map((json) => [json.id, readCluster(json, `sim/cluster/presets/${json.id}.json`)]),
);
