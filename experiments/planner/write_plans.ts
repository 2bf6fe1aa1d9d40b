/**
 * An answer on the disk: the record, its page, and the best plan for launchers. An older answer is moved
 * to `previous/`, never written over.
 *
 * @module
 */
import { join } from "node:path";
import { writeTextFile } from "../../kernels/base/files.ts";
import type { LaunchFile } from "./launch/launch_files.ts";
import { launchNotes } from "./launch_notes.ts";
import { planFiles, type PlanRun } from "./page/page_files.ts";
import type { PlanPage } from "./page/plan_page.ts";
import { formatRecord } from "./plan_record.ts";

/** What is written. */
export interface WrittenAnswer {
  /** What the page is made of. */
  page: PlanPage;
  /** When, where and how it was made. */
  run: PlanRun;
  /** The best plan as files for launchers. */
  launched: readonly LaunchFile[];
}

/** Folder of older answers. */
const previous = "previous";

async function namesIn(folder: string): Promise<string[]> {
  try {
    const names: string[] = [];
    for await (const { name, isFile } of Deno.readDir(folder)) if (isFile) names.push(name);
    return names;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** First of `answer-1`, `answer-2` ... that is free. */
async function free(folder: string): Promise<string> {
  for (let i = 1;; i++) {
    const path = join(folder, previous, `answer-${i}`);
    if (!await Deno.stat(path).then(() => true, () => false)) return path;
  }
}

/** Moves files that would be written over; gives the folder that they are in now. */
async function setAside(folder: string, files: readonly string[]): Promise<string | undefined> {
  const present = (await namesIn(folder)).filter((name) => files.includes(name));
  if (present.length === 0) return undefined;
  const target = await free(folder);
  await Deno.mkdir(target, { recursive: true });
  for (const name of present) await Deno.rename(join(folder, name), join(target, name));
  return target;
}

/** The files of an answer by name. */
async function filesOf(answer: WrittenAnswer): Promise<Record<string, string>> {
  const { page, run, launched } = answer;
  return {
    "plan.json": formatRecord(page.record),
    ...await planFiles(page, run),
    ...Object.fromEntries(
      launched.flatMap(({ path, text }) => text === undefined ? [] : [[path, text]]),
    ),
    "launch.md": launchNotes(launched, page.record.best[0].plan),
  };
}

/** Writes an answer, and says what was written and where an older one is. */
export async function writePlans(
  folder: string,
  answer: WrittenAnswer,
): Promise<{ written: string[]; aside?: string }> {
  const files = await filesOf(answer);
  const aside = await setAside(folder, Object.keys(files));
  const written: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeTextFile(path, text);
    written.push(path);
  }
  return { written, ...(aside !== undefined && { aside }) };
}
