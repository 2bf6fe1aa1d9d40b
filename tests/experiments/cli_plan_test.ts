import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { main } from "../../experiments/cli.ts";
import type { PlanRecord } from "../../experiments/planner/plan_record.ts";
import { parsePlan } from "../../sim/plan/plan_words.ts";
import { filesIn, inFolder, makeWorld } from "./world.ts";

const small = ["plan", "--model", "tiny", "--cluster", "h100:16", "--global-batch", "16"];
const held = ["--fix", "cp=1,etp=1,precision=bf16,dispatcher=deepep,overlap=gradients+parameters"];

/** Runs the command line, in no time, and gives what it printed, with plain spaces. */
async function printedBy(...words: string[]): Promise<string> {
  const { io, printed, said } = makeWorld();
  assertEquals(await main(words, { ...io, seconds: () => 0 }), 0, said.join("\n"));
  return printed.join("\n").replaceAll(/[\u00a0\u202f]/g, " ");
}

/** The answer as a record. */
async function recordBy(...words: string[]): Promise<PlanRecord> {
  return JSON.parse(await printedBy(...words, "--json"));
}

/** What the command line says of words that it cannot use. */
async function complaint(...words: string[]): Promise<string> {
  const { io, printed, said } = makeWorld();
  assertEquals([await main(words, io), printed], [2, []], words.join(" "));
  assertEquals(said.length, 1, said.join("\n"));
  assert(!said[0].includes("\n") && !/ at .*\.ts:/.test(said[0]), said[0]);
  return said[0].replaceAll(/[\u00a0\u202f]/g, " ");
}

Deno.test("plan begins with the answer, and says what was searched", async () => {
  const text = await printedBy(...small, ...held);
  const [answer, plan] = text.split("\n");
  assertMatch(
    answer,
    /^The fastest plan for tiny on 16 x h100 takes \d[\d.]* ms \(.*\) a step in /,
  );
  assertMatch(answer, /; most of it is .* \(\d+ %\), then .* \(\d[\d.]* %\):$/);
  assertEquals(parsePlan(plan).dispatcher, "deepep");
  assertMatch(text, /^place +plan +events +behind +closed form +memory +MFU +alike$/m);
  assertMatch(text, /^ +1 +tp=1 dp=.* 0\.0 % /m);
  assertMatch(text, /^the whole space, 0 s +plans +share$/m);
  for (const fate of ["break a rule", "say the same as another", "were priced", "all"]) {
    assertMatch(text, new RegExp(`^${fate} +\\d`, "m"));
  }
});

Deno.test("the record adds up, is sorted, and is the same whenever it is asked", async () => {
  const text = await printedBy(...small, ...held, "--json");
  const record: PlanRecord = JSON.parse(text);
  const { best, front, winner, counts, countsSum, asked, complete } = record;
  assertEquals([record.schema, complete, record.searches.length], [1, true, 1]);
  assertEquals(asked.fix, parsePlan(held[1]));
  assert(best.every((line, i) => i === 0 || line.eventSeconds >= best[i - 1].eventSeconds));
  assertEquals(best.map(({ closedPlace }) => closedPlace).sort(), best.map((_, i) => i + 1));
  assertEquals(new Set(best.map(({ plan }) => plan)).size, best.length);
  const [first] = best;
  assertEquals([winner.plan, winner.step], [first.plan, first.step]);
  assertEquals(winner.memory.peakBytes, first.peakBytes);
  assertAlmostEquals(first.memoryFraction * asked.deviceBytes / first.peakBytes, 1, 1e-12);
  assertAlmostEquals(first.tokensPerSecond * first.eventSeconds, 16 * 4096, 1e-6);
  assertEquals(front[0].closedSeconds, record.searches[0].bestSeconds);
  assert(front.every((line, i) => i === 0 || line.peakBytes < front[i - 1].peakBytes));
  const terms = countsSum.split(" = ")[0].split(" + ").map((part) => BigInt(part.split(" ")[0]));
  assertEquals(String(terms.reduce((a, b) => a + b, 0n)), counts.enumerated);
  assertEquals(await printedBy(...small, ...held, "--json"), text);
});

Deno.test("a limit holds for every plan, and the smallest plan is no larger than any", async () => {
  const { best, front } = await recordBy(...small, ...held, "--front-slack", "0");
  const limit = (best[0].peakBytes + front.at(-1)!.peakBytes) / 2;
  const limited = await recordBy(...small, ...held, "--limit", `memory=${Math.floor(limit)}B`);
  assert([...limited.best, ...limited.front].every(({ peakBytes }) => peakBytes <= limit));
  assert(limited.best[0].closedSeconds > best[0].closedSeconds);
  const smallest = await recordBy(...small, ...held, "--objective", "memory");
  assertEquals(smallest.best[0].peakBytes, front.at(-1)!.peakBytes);
});

Deno.test("the cheapest plan may leave devices idle, and costs what its device hours do", async () => {
  const words = [...small, ...held, "--hour-dollars", "3"];
  const { best: [cheapest], searches, front, asked } = await recordBy(
    ...[...words, "--objective", "cost"],
  );
  const { best: [fastest] } = await recordBy(...words);
  assertEquals(searches.map(({ devices, name }) => [devices, name]), [[16, "16"], [8, "8"]]);
  assertEquals([asked.fewerDevices, cheapest.devices], [true, 8]);
  assert(cheapest.dollars! < fastest.dollars! && cheapest.eventSeconds > fastest.eventSeconds);
  for (const { devices, dollars, eventSeconds } of [cheapest, fastest]) {
    assertAlmostEquals(dollars!, 3 / 3600 * devices * eventSeconds, 1e-15);
  }
  assertEquals(new Set(front.map(({ devices }) => devices)), new Set([16, 8]));
  // The thriftiest plan is the cheapest: both are seconds of devices.
  const thrifty = await recordBy(...[...words, "--objective", "energy"]);
  assertEquals(thrifty.best[0].plan, cheapest.plan);
  assertAlmostEquals(cheapest.energyJoules! / cheapest.eventSeconds, 8 * 700, 1e-6);
});

Deno.test("plans that are named are explained, and compared with the best or with each other", async () => {
  const words = [...small, ...held, "--explain", "tp=3,pp=2", "--explain", "pp=2"];
  const text = await printedBy(...words, "--compare", "pp=2,ep=4");
  assertMatch(text, /^tp=3,pp=2\n- Rule "world": 16 devices cannot be divided by tp 3/m);
  assertMatch(text, /^pp=2\n- A step takes /m);
  assertMatch(text, /^best against pp=2,ep=4\n- The step goes from /m);
  const { compared, best } = await recordBy(...small, ...held, "--compare", "pp=2", "tp=2,pp=2");
  assertEquals(compared.map(({ plans }) => plans), [["pp=2", "tp=2,pp=2"]]);
  assertMatch(compared[0].says[1], /^What differs: tp 1 to 2, dp 8 to 4, sp false to true/);
  assert(best.length > 0);
  const wrong = await recordBy(...small, ...held, "--compare", "ep=3");
  assertMatch(wrong.compared[0].says.join(), /^ep=3 does not hold,Rule "expert/);
});

Deno.test("--out writes record, page and launchers' files, and keeps an older answer", () =>
  inFolder(async (folder) => {
    const words = [...small, ...held, "--out", folder];
    const text = await printedBy(...words);
    const names = ["launch.md", "plan.json", "report.html", "result.json", "trace.json"];
    const there = filesIn(folder);
    for (const name of names) assert(there.includes(name), name);
    for (const name of there) assert(text.includes(`${folder}/${name}`), name);
    const record: PlanRecord = JSON.parse(Deno.readTextFileSync(`${folder}/plan.json`));
    assertEquals(record, await recordBy(...small, ...held));
    assert(Deno.readTextFileSync(`${folder}/report.html`).includes(record.best[0].plan));
    assertMatch(Deno.readTextFileSync(`${folder}/launch.md`), /^## .*megatron-lm/m);
    const { io, said } = makeWorld();
    assertEquals(await main(words, { ...io, seconds: () => 0 }), 0);
    assertEquals(said, [`Replaces an older answer, kept in ${folder}/previous/answer-1`]);
    assertEquals(filesIn(`${folder}/previous/answer-1`), there);
    // What was written can be checked, and holds.
    const check = ["plan", "--check", `${folder}/plan.json`, "--cluster", "h100:16"];
    assertMatch(await printedBy(...check), /^It fits: /m);
  }));

Deno.test("a configuration is checked; one that does not hold ends with exit code 1", () =>
  inFolder(async (folder) => {
    const file = `${folder}/plan.json`;
    Deno.writeTextFileSync(file, '{"tp": 2, "ep": 8, "globalBatch": 16}');
    const words = ["plan", "--check", file, "--model", "tiny"];
    assertMatch(await printedBy(...words, "--cluster", "h100:16"), /^It fits: /m);
    const { io, printed } = makeWorld();
    assertEquals(await main([...words, "--cluster", "h100:12", "--json"], io), 1);
    assertMatch(JSON.parse(printed[0]).whyNot, /cannot be divided by/);
    assertMatch(await complaint(...words), /without --cluster: wanted such as --cluster h100:64/);
  }));

Deno.test("Ctrl-C says how to go on, and writes no answer", () =>
  inFolder(async (folder) => {
    const { io, interrupt, said, printed } = makeWorld();
    const presses = setInterval(interrupt, 0);
    const code = await main([...small, "--out", folder], { ...io, seconds: () => 0 });
    clearInterval(presses);
    assertEquals([code, printed], [130, []]);
    assertEquals(said, [
      `Stopped: the same command with --resume goes on with what is kept in ${folder}`,
    ]);
    assertEquals(filesIn(folder).filter((name) => !name.startsWith("search/")), []);
    assertMatch(await complaint(...small, "--resume"), /Cannot resume without --out/);
  }));

Deno.test("a place that cannot be written to is said before anything is searched", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    for (const out of [`${folder}/file`, `${folder}/file/below`]) {
      const said = await complaint(...small, "--out", out);
      assertMatch(said, /Cannot write to .*: .*\/file is a file, wanted a folder$/);
    }
    assertEquals(filesIn(folder), ["file"]);
  }));

Deno.test("of a long search without a budget it is said once how to end it", async () => {
  let now = 0;
  const { io, said } = makeWorld();
  // Every look at the clock is a quarter of a minute.
  assertEquals(await main([...small, ...held], { ...io, seconds: () => now += 15 }), 0);
  assertEquals(said.filter((line) => line.startsWith("This may take long: --budget 60")).length, 1);
  const short = makeWorld();
  const words = [...small, ...held, "--budget", "1e9"];
  assertEquals(await main(words, { ...short.io, seconds: () => now += 15 }), 0);
  assertEquals(short.said.filter((line) => line.includes("long")), []);
});

Deno.test("a budget without a second finds nothing, and says what is wanted", async () => {
  const said = await complaint(...small, "--budget", "0");
  assertMatch(
    said,
    /found none that fits before the budget ran out, with \d+ plans left; wanted a/,
  );
});

Deno.test("what cannot be planned is one line that says what can", async () => {
  assertMatch(await complaint("plan"), /without --model, --cluster and --global-batch: wanted/);
  assertMatch(await complaint(...small, "--fix", "tpp=2"), /did you mean "tp"/);
  assertMatch(await complaint(...small, "--fix", "tp=3"), /nearest that holds: tp=/);
  assertMatch(await complaint(...small, "--limit", "memory=a lot"), /wanted such as memory=90%/);
  assertMatch(await complaint(...small, "--objective", "speed"), /Allowed choices are time, cost/);
  assertMatch(await complaint(...small, "--top", "0"), /Expected a whole number from 1/);
  assertMatch(await complaint(...small, "--budget", "-1"), /Expected a number from 0/);
  assertMatch(await complaint(...small, "--objective", "cost"), /--hour-dollars/);
  assertMatch(await complaint(...small, "--explain", "tpp=1"), /did you mean "tp"/);
  const three = ["--compare", "tp=1", "tp=2", "tp=4"];
  assertMatch(await complaint(...small, ...three), /Cannot compare 3 plans: wanted two/);
  assertMatch(
    await complaint(...small, "--launcher", "megatron"),
    /Allowed choices are megatron-lm/,
  );
});

Deno.test("a batch that no number of replicas divides names the nearest that one does", async () => {
  const words = ["--cluster", "h100:16", "--fix", "pp=2,tp=1,cp=1"];
  const said = await complaint("plan", "--model", "tiny", ...words, "--global-batch", "11");
  assertMatch(said, /11 sequences of a step cannot be divided by dp 8.*nearest that holds: gb=8/);
});

Deno.test("where nothing fits, the smallest plan and devices that would hold it are named", async () => {
  const said = await complaint(
    ...["plan", "--model", "mixtral-8x7b", "--cluster", "h100:8", "--global-batch", "64"],
    ...["--fix", "precision=bf16,cp=1"],
  );
  assertMatch(
    said,
    /nothing fits into 79\.1 GiB; the smallest plan takes 105 GiB, 25\.5 GiB/,
  );
  assertMatch(said, /devices that would hold it: h200 \(140 GiB\), b200/);
});
