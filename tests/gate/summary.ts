/**
 * The last line of the gate: how much passed and failed, from what its steps left behind.
 *
 * Each step of `deno task ok` leaves its exit code in `.moelab/test/NAME.exit`, and the tests leave
 * a JUnit file as well. A step or a file that is missing counts as failed, never as passed.
 *
 * @module
 */
import { readTextFileIfAny } from "../../kernels/base/files.ts";

/** What the gate came to. */
export interface Summary {
  /** Tests, and steps without tests of their own. */
  passed: number;
  /** The same, failed or missing. */
  failed: number;
  /** Tests that said that they cannot run here. */
  skipped: number;
  /** What failed, a line each. */
  problems: string[];
  /** Steps that were skipped, and why. */
  reasons: string[];
}

/** Steps that are one check each, by the name of their file. */
export const steps: Readonly<Record<string, string>> = {
  format: "the format check",
  lint: "the lint",
  types: "the type check",
  docs: "the lint of the documentation",
  modules: "the list of modules",
  bundle: "the bundle for browsers",
};

/** Steps that a machine may be unable to do: the exit code that says so, and the reason. */
export const optional: Readonly<Record<string, { title: string; absent: string; reason: string }>> =
  {
    // 127 is how the shell says that there is no such program.
    browser: {
      title: "the page in the browser",
      absent: "127",
      reason: 'there is no Chromium ("deno task setup:browser" brings it)',
    },
    swiftshader: {
      title: "conformance on SwiftShader",
      absent: "77",
      reason: "there is no SwiftShader, which comes with Chromium",
    },
    dawn: {
      title: "conformance on Dawn",
      absent: "77",
      reason:
        'Dawn was not fetched ("deno task conformance:dawn" does), or no SwiftShader is there',
    },
  };

const attribute = (tag: string, name: string) =>
  Number(new RegExp(` ${name}="(\\d+)"`).exec(tag)?.[1] ?? NaN);

/** Counts of a JUnit file, or `undefined` where it is none. */
export function readJunit(
  xml: string,
): { tests: number; failed: number; skipped: number } | undefined {
  const head = /<testsuites [^>]*>/.exec(xml)?.[0];
  if (head === undefined || !xml.trimEnd().endsWith("</testsuites>")) return undefined;
  const tests = attribute(head, "tests");
  const failed = attribute(head, "failures") + attribute(head, "errors");
  const skipped = xml.match(/<skipped\/>/g)?.length ?? 0;
  return Number.isInteger(tests + failed) && tests > 0 ? { tests, failed, skipped } : undefined;
}

/** Sums up exit codes by step, those that are optional and "tests" among them, and the JUnit file. */
export function summarise(
  exits: Readonly<Record<string, string | undefined>>,
  junit: string | undefined,
): Summary {
  const summary: Summary = { passed: 0, failed: 0, skipped: 0, problems: [], reasons: [] };
  const fail = (problem: string, count = 1) => {
    summary.failed += count;
    summary.problems.push(problem);
  };
  for (const [name, title] of Object.entries(steps)) {
    if (exits[name] === "0") summary.passed++;
    else fail(exits[name] === undefined ? `${title} did not run` : `${title} failed`);
  }
  for (const [name, { title, absent, reason }] of Object.entries(optional)) {
    if (exits[name] === "0") summary.passed++;
    else if (exits[name] !== absent) fail(`${title} failed`);
    else {
      summary.skipped++;
      summary.reasons.push(`${title}: ${reason}`);
    }
  }
  const counts = readJunit(junit ?? "");
  if (!counts) {
    fail("the tests left no complete list");
    return summary;
  }
  summary.passed += counts.tests - counts.failed - counts.skipped;
  summary.skipped += counts.skipped;
  if (counts.failed > 0) fail(`${counts.failed} tests failed`, counts.failed);
  else if (exits.tests !== "0") {
    fail("a test file could not be loaded, or the tests were cut short");
  }
  return summary;
}

/** The closing line: "12 passed, 0 failed", with the skipped ones where there are any. */
export function closingLine(summary: Summary): string {
  const { passed, failed, skipped } = summary;
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

if (import.meta.main) {
  const folder = ".moelab/test";
  const exits: Record<string, string | undefined> = {};
  for (const name of [...Object.keys(steps), ...Object.keys(optional), "tests"]) {
    exits[name] = (await readTextFileIfAny(`${folder}/${name}.exit`))?.trim();
  }
  const summary = summarise(exits, await readTextFileIfAny(`${folder}/junit.xml`));
  for (const reason of summary.reasons) console.log(`SKIPPED: ${reason}`);
  for (const problem of summary.problems) console.log(`FAILED: ${problem}`);
  console.log(closingLine(summary));
  Deno.exit(summary.failed === 0 ? 0 : 1);
}
