/**
 * What a user has to know of the files for launchers, as a page of text.
 *
 * @module
 */
import { formatNumber, formatSigned } from "../../reports/format.ts";
import type { LaunchFile } from "./launch/launch_files.ts";

function insteadLines({ instead }: LaunchFile): string[] {
  if (instead === undefined) return [];
  const { plan, closedSeconds, slowdownFraction, peakBytes, fits } = instead;
  return [
    `The file says the nearest plan that it can be told: a step of ` +
    `${formatNumber(closedSeconds, "seconds")} (${formatSigned(slowdownFraction)}) in ` +
    `${formatNumber(peakBytes, "bytes", 3)}${fits ? "" : ", which does not fit"}.`,
    "",
    `    ${plan}`,
    "",
  ];
}

/** Notes on one file. */
function fileNotes(file: LaunchFile): string {
  const { path, launcher, version, text, refused, notes } = file;
  return [
    `## ${text === undefined ? `No file for ${launcher}` : path}`,
    "",
    `For ${launcher} (${version}).`,
    "",
    ...(refused === undefined ? [] : [`${refused}.`, ""]),
    ...insteadLines(file),
    ...notes.map((note) => `- ${note}`),
    ...(notes.length > 0 ? [""] : []),
  ].join("\n");
}

/** Notes on all files; `plan` is the one that was asked for, in words. */
export function launchNotes(files: readonly LaunchFile[], plan: string): string {
  return ["# Launching the best plan", "", `    ${plan}`, "", ...files.map(fileNotes)].join("\n");
}
