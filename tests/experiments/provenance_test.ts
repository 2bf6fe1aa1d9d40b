import { assert, assertEquals, assertMatch } from "@std/assert";
import { describeHost, provenanceOf } from "../../experiments/provenance.ts";
import { sha256 } from "../../experiments/hash.ts";
import { inFolder, nowhere } from "./world.ts";

Deno.test("the host is described from files and from Deno itself", async () => {
  const host = await describeHost();
  assertEquals(host.lockHash, await sha256(Deno.readTextFileSync("deno.lock")));
  assertEquals(host.versions.deno, Deno.version.deno);
  assertMatch(host.versions.moelab, /^\d+\.\d+\.\d+$/);
  assert(host.os.startsWith(Deno.build.os) && host.os.endsWith(Deno.build.arch), host.os);
  assertMatch(host.cpu, /^.+, [1-9]\d* cores$/);
});

Deno.test("outside a checkout commit and lock are unknown, and nothing fails", () =>
  inFolder(async (folder) => {
    const { commit, lockHash } = await describeHost(folder);
    assertEquals([commit, lockHash], ["unknown", "unknown"]);
  }));

Deno.test("the id of a run depends on its inputs and not on machine, hour or duration", async () => {
  const run = { experiment: "e", seed: 1, parameters: { tokens: 8 }, command: "c" };
  const host = { commit: "unknown", versions: {}, os: "linux", cpu: "one", lockHash: "unknown" };
  const id = async (
    more: { startedAt: string; wallSeconds: number },
    profile: string,
    cpu: string,
  ) =>
    (await provenanceOf({ ...run, ...more }, {
      host: { ...host, cpu },
      circumstances: { ...nowhere, inputs: { profile } },
    })).runId;
  const monday = { startedAt: "2026-01-05T00:00:00.000Z", wallSeconds: 1 };
  const tuesday = { startedAt: "2026-01-06T00:00:00.000Z", wallSeconds: 2 };
  const first = await id(monday, "a", "one");
  assertEquals(await id(tuesday, "a", "two"), first);
  assert(await id(monday, "b", "one") !== first);
});
