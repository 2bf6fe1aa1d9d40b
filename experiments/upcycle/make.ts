/**
 * One model of others, by a published scheme: opened, checked, read, made, written, read back, run.
 *
 * @module
 */
import {
  checkSources,
  parameters,
  schemeById,
  type SchemeModel,
  type SchemeOptions,
  type SchemeRecipe,
  type WrittenType,
} from "../../core/mod.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { type Device, split } from "../../kernels/mod.ts";
import { forwardOf, type Subject } from "./forward.ts";
import { bytesNeeded, checkHostRoom } from "./memory.ts";
import { originsOf } from "./origins.ts";
import { blockSimilarities, unitActivations } from "./probe.ts";
import { alikeApart, lossesOf, type Proof, readBack } from "./prove.ts";
import { checkSettings } from "./settings.ts";
import { checkFinite, openSource, type Source } from "./source.ts";
import { sharedTokenizer } from "./tokenizer_files.ts";
import { type WeightGroup, weightGroups } from "./weight_table.ts";
import { checkNew, newFolderBeside, writeMade, type WrittenModel } from "./write.ts";

/** What is asked. */
export interface UpcycleWords {
  /** Id of the scheme. */
  method: string;
  /** Paths of the sources, in the order of their experts. */
  from: readonly string[];
  /** The folder that is to be. */
  out: string;
  /** Seed of what is new, and of the tokens that all models read. */
  seed: number;
  /** Experts of a layer, for methods of one dense model; 4 where absent. */
  experts?: number;
  /** Type of the numbers in the files; that of the sources where absent. */
  dtype?: WrittenType;
}

/** The world of a making. */
export interface UpcycleSite {
  /** Opens the device; called once the sources are known to fit the method and the memory. */
  openDevice(): Promise<Device>;
  /** Told what is going on. */
  say(line: string): void;
  /** Ends the work before its next part. */
  signal?: AbortSignal;
  /** Bytes that the host may take; what is free where absent. */
  room?: number;
}

/** Parameters of a model. */
export interface Sizes {
  /** All of them. */
  total: number;
  /** Those that a token uses. */
  active: number;
}

/** What came of it. */
export interface Upcycled extends Pick<SchemeRecipe, "idea" | "arxiv" | "unverified" | "whyNot"> {
  /** Id of the scheme. */
  method: string;
  /** The sources. */
  sources: (Sizes & { path: string })[];
  /** The folder. */
  out: string;
  /** What it holds. */
  written: WrittenModel;
  /** The new model's parameters. */
  made: Sizes;
  /** Seed of what is new. */
  seed: number;
  /** Where its weights come from. */
  weights: WeightGroup[];
  /** That it is what it should be. */
  proof: Proof;
}

/** Tokens that models read in the proof. */
const TOKENS = 64;

/** Experts of a layer where nobody says. */
const EXPERTS = 4;

const sizesOf = ({ model }: Pick<Subject, "model">): Sizes => {
  const { total, active } = parameters(model, { convention: "all" });
  return { total, active };
};

function checkWords(recipe: SchemeRecipe, { experts }: UpcycleWords): void {
  const takes = recipe.from === "dense" || recipe.from === "sizes";
  if (experts === undefined || takes) return;
  throw new UserError(
    `Cannot make a model by ${recipe.id} of ${experts} experts: found --experts, which methods of one ` +
      "dense model take; here the sources say how many there are",
  );
}

/** Tokens drawn evenly from a vocabulary. */
function tokensOf({ model }: Source, seed: number): Uint32Array {
  const stream = split(seed, "upcycle/tokens");
  return Uint32Array.from({ length: TOKENS }, () => stream.int(0, model.embedding.vocab - 1));
}

/** What a method is told of its sources: how often experts are used, what units answer. */
async function toldOf(
  device: Device,
  recipe: SchemeRecipe,
  options: { sources: readonly Subject[]; ids: Uint32Array; words: UpcycleWords },
): Promise<SchemeOptions> {
  const { sources: [first], ids, words: { seed, experts } } = options;
  const told: SchemeOptions = { seed, ...(experts !== undefined && { experts }) };
  if (recipe.asks === "counts") {
    return { ...told, counts: (await forwardOf(device, first, { ids })).counts };
  }
  if (recipe.asks === "similarities") {
    return { ...told, similarities: await blockSimilarities(device, first, ids) };
  }
  if (recipe.asks === "activations") {
    const all = await unitActivations(device, first, ids);
    return { ...told, activations: (layer) => all[layer] };
  }
  return told;
}

/** A made model as it runs: constants are those of its sources. */
const subjectWith = (recipe: SchemeRecipe, source: Subject) => (made: SchemeModel): Subject => {
  const kept = recipe.from === "sparse" && made.model.moe ? source.recipe : undefined;
  const gate = made.recipe ?? kept;
  const { model, weights } = made;
  return { model, weights, settings: source.settings, ...(gate && { recipe: gate }) };
};

/** Positions that all sources have that say how many. */
function fewest(sources: readonly Source[]): number | undefined {
  const all = sources.flatMap(({ positions = [] }) => positions);
  return all.length > 0 ? Math.min(...all) : undefined;
}

/** Makes, writes and proves a model whose sources fit. */
async function makeIn(
  folder: string,
  options: { recipe: SchemeRecipe; sources: readonly Source[]; words: UpcycleWords } & UpcycleSite,
): Promise<Omit<Upcycled, "out">> {
  const { recipe, sources, words, say, signal } = options;
  const { seed, dtype = sources[0].dtype } = words;
  const taken = await sharedTokenizer(sources);
  const subjects: Subject[] = [];
  for (const source of sources) {
    signal?.throwIfAborted();
    say(`Reading ${source.name}`);
    const { name: _, folder: __, read, close: ___, dtype: ____, positions: _____, ...described } =
      source;
    const { weights } = await read();
    checkFinite(source.name, { weights });
    subjects.push({ ...described, weights });
  }
  signal?.throwIfAborted();
  const device = await options.openDevice();
  try {
    const ids = tokensOf(sources[0], seed);
    say(`Making a model by ${recipe.id}`);
    const told = await toldOf(device, recipe, { sources: subjects, ids, words });
    const subjectOf = subjectWith(recipe, subjects[0]);
    const made = subjectOf(recipe.apply(subjects, told));
    signal?.throwIfAborted();
    const written = await writeMade(folder, made, { dtype, taken, positions: fewest(sources) });
    say("Reading it back, and running it");
    const { apart, ...back } = await readBack(folder, made);
    const named = sources.map(({ name }, i) => ({ name, subject: subjects[i] }));
    signal?.throwIfAborted();
    const all = [...named, { name: "the made model", subject: back }];
    const { losses, by } = await lossesOf(device, all, ids);
    const alike = await alikeApart(device, recipe, { sources: subjects, told, ids, subjectOf });
    const { id: method, idea, arxiv, unverified, whyNot } = recipe;
    return {
      ...{ method, idea, arxiv, unverified, whyNot, written, seed, made: sizesOf(made) },
      sources: sources.map((source) => ({ path: source.name, ...sizesOf(source) })),
      weights: weightGroups(made.weights, originsOf({ made, sources: subjects, seed })),
      proof: {
        ...{ tokens: ids.length, loss: losses.at(-1)!, sourceLosses: losses.slice(0, -1), by },
        ...{ evenLoss: Math.log(sources[0].model.embedding.vocab), readBackApart: apart },
        ...(alike !== undefined && { alikeApart: alike }),
      },
    };
  } finally {
    device.close();
  }
}

/**
 * Makes one model of others and writes it into a new folder, which is there when all is proved.
 *
 * @throws {UserError} in a line for what cannot be used, before a weight is read where that can be known.
 */
export async function upcycleModels(words: UpcycleWords, site: UpcycleSite): Promise<Upcycled> {
  const { method, from, out } = words;
  const recipe = schemeById(method);
  checkWords(recipe, words);
  await checkNew(out);
  const sources: Source[] = [];
  try {
    for (const path of from) sources.push(await openSource(path));
    checkSources(recipe, sources);
    checkSettings(sources);
    const experts = words.experts ?? EXPERTS;
    checkHostRoom(recipe.id, bytesNeeded(recipe, sources, { experts }), site.room);
    const { folder, remove } = await newFolderBeside(out);
    try {
      const made = await makeIn(folder, { recipe, sources, words, ...site });
      site.signal?.throwIfAborted();
      await checkNew(out);
      await Deno.rename(folder, out);
      return { ...made, out };
    } catch (error) {
      await remove();
      throw error;
    }
  } finally {
    for (const source of sources) source.close();
  }
}
