import { assert, assertEquals } from "@std/assert";
import { main } from "../../../experiments/cli.ts";
import { textOf } from "../../gate/sources.ts";
import { inFolder, makeWorld } from "../world.ts";

/** The command of the README that plans, and the block that shows its answer. */
const shown = /^npx -y deno@\S+ task (plan .*)\n```\n\n```text\n([\s\S]*?)```$/m;

Deno.test("what the README shows of an answer is in the answer", () =>
  inFolder(async (folder) => {
    const [, words, block] = shown.exec(textOf("README.md"))!;
    const { io, printed, said } = makeWorld();
    const args = words.split(" ").map((word) => word.replace(/^results\/.*/, folder));
    assertEquals(await main(args, { ...io, seconds: () => 0 }), 0, said.join("\n"));
    const answer = printed.join("\n").replaceAll(/[\u00a0\u202f]/g, " ").split("\n");
    const lines = block.split("\n").filter((line) => line !== "");
    assert(lines.length > 5);
    for (const line of lines) {
      assert(answer.some((said) => said.startsWith(line)), `"${line}" is not in the answer`);
    }
  }));
