import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseConfig } from "../../../kernels/base/config.ts";
import { type Profile, profileSchema } from "../../../kernels/base/profile_schema.ts";

const folder = "sim/cluster/profiles";
const files = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`).sort();
const read = (path: string) => JSON.parse(Deno.readTextFileSync(path));

Deno.test("every profile that comes with the simulator is one, under its own name", () => {
  assert(files.length >= 5);
  for (const path of files) {
    const profile = parseConfig(profileSchema, read(path), path);
    assertEquals(`${folder}/${profile.id}.json`, path);
    assert(profile.sources.length > 0, `${path} names no source`);
  }
});

Deno.test("a curve has one time for each corner of its grid", () => {
  for (const path of files) {
    const { curves }: Profile = parseConfig(profileSchema, read(path), path);
    for (const [kind, curve] of Object.entries(curves)) {
      const corners = Object.values(curve.axes).reduce((n, axis) => n * axis.length, 1);
      for (const list of [curve.seconds, curve.lo, curve.hi]) {
        assertEquals(list.length, corners, `${path} ${kind}`);
      }
    }
  }
});

Deno.test("what is no profile is refused by field", () => {
  const good = read(files[0]);
  const wrong: [Record<string, unknown>, string][] = [
    [{ schema: 2 }, "at /schema expected one of 1 but found 2"],
    [{ memoryBytes: 0 }, "at /memoryBytes expected more than 0 but found 0"],
    [{ kind: "guessed" }, 'at /kind expected one of "measured", "published" but found "guessed"'],
    [{ peakFlopsPerSecond: { f64: 1 } }, "at /peakFlopsPerSecond"],
    [{ speed: 1 }, 'expected no field "speed"'],
  ];
  for (const [change, text] of wrong) {
    assertThrows(
      () => parseConfig(profileSchema, { ...good, ...change }, "p.json"),
      TypeError,
      text,
    );
  }
});
