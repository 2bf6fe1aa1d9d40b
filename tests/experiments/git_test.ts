import { assertEquals } from "@std/assert";
import { readCommit } from "../../experiments/git.ts";
import { writeTextFile } from "../../kernels/base/files.ts";
import { inFolder } from "./world.ts";

const a = "a".repeat(40);
const b = "0123456789abcdef".repeat(4);

/** Writes git's files into a folder and reads the commit of a checkout in it. */
async function commitOf(files: Record<string, string>, checkout = "."): Promise<string> {
  let commit = "";
  await inFolder(async (folder) => {
    for (const [path, text] of Object.entries(files)) {
      await writeTextFile(`${folder}/${path}`, text);
    }
    commit = await readCommit(`${folder}/${checkout}`);
  });
  return commit;
}

Deno.test("a branch is followed to its commit", async () => {
  const files = { ".git/HEAD": "ref: refs/heads/main\n", ".git/refs/heads/main": `${a}\n` };
  assertEquals(await commitOf(files), a);
});

Deno.test("a detached head is the commit itself, SHA-256 repositories too", async () => {
  assertEquals(await commitOf({ ".git/HEAD": `${a}\n` }), a);
  assertEquals(await commitOf({ ".git/HEAD": `${b}\n` }), b);
});

Deno.test("packed references are found by their whole name", async () => {
  const packed = `# pack-refs with: peeled\n${b} refs/heads/not/refs/heads/main2\n` +
    `${a} refs/heads/main\n^${b}\n`;
  const files = { ".git/HEAD": "ref: refs/heads/main\n", ".git/packed-refs": packed };
  assertEquals(await commitOf(files), a);
});

Deno.test("a loose reference is newer than a packed one", async () => {
  const files = {
    ".git/HEAD": "ref: refs/heads/main",
    ".git/refs/heads/main": a,
    ".git/packed-refs": `${b} refs/heads/main\n`,
  };
  assertEquals(await commitOf(files), a);
});

Deno.test("a worktree finds its branch in the repository that it belongs to", async () => {
  const files = {
    "repo/.git/HEAD": "ref: refs/heads/main\n",
    "repo/.git/refs/heads/main": b,
    "repo/.git/refs/heads/side": a,
    "repo/.git/worktrees/tree/HEAD": "ref: refs/heads/side\n",
    "repo/.git/worktrees/tree/commondir": "../..\n",
    "tree/.git": "gitdir: ../repo/.git/worktrees/tree\n",
  };
  assertEquals(await commitOf(files, "tree"), a);
});

Deno.test("without git, or with a broken head, the commit is unknown", async () => {
  assertEquals(await commitOf({ "file.txt": "" }), "unknown");
  assertEquals(await commitOf({ ".git/HEAD": "ref: refs/heads/gone\n" }), "unknown");
  assertEquals(await commitOf({ ".git/HEAD": "ref: HEAD\n" }), "unknown");
  assertEquals(await commitOf({ ".git": "nonsense\n" }), "unknown");
});
