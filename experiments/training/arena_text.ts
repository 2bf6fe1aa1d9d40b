/**
 * What models of the arena read: the synthetic language, or texts that a user has installed.
 *
 * @module
 */
import { readCorpus, textSources } from "../../core/train/data/corpora.ts";
import type { Corpus } from "../../core/train/data/corpus.ts";
import { syntheticCorpus } from "../../core/train/data/synthetic.ts";
import type { Wide } from "../define.ts";
import type { TrainingSettings } from "./router_run.ts";

/** The word for the language that needs no files. */
export const SYNTHETIC = "synthetic";

/** Parameters of the text. */
export const textParameters = {
  text: {
    quick: [SYNTHETIC],
    full: [SYNTHETIC],
    note: `"${SYNTHETIC}", or text packages: ${Object.keys(textSources).join(", ")}`,
  },
  texts: { quick: ".", full: ".", note: "folder that text packages were installed into" },
} as const;

/** Values of them. */
export type TextValues = {
  -readonly [K in keyof typeof textParameters]: Wide<typeof textParameters[K]["quick"]>;
};

/** The text of a training; the domains of a package are its own. */
export async function readText(
  { text, domains }: Pick<TrainingSettings, "text" | "domains">,
): Promise<Corpus> {
  return text
    ? await readCorpus(text.names, { folder: text.folder })
    : syntheticCorpus({ domains, seed: 1 });
}

/** What of the settings says which text it is, where parameters do. */
export async function settingsOfText(
  { text, texts }: TextValues,
): Promise<Partial<Pick<TrainingSettings, "text" | "domains">>> {
  if (text.length === 1 && text[0] === SYNTHETIC) return {};
  const told = { names: text, folder: texts };
  const { domains } = await readText({ text: told, domains: 0 });
  return { text: told, domains: domains.length };
}
