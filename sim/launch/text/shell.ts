/**
 * The arguments of a command in a shell script: quotes, comments, continued lines, arrays, and
 * variables that the script itself sets.
 *
 * @module
 */

/** A script's arguments. */
export interface ShellArguments {
  /** Words after each argument's name; the last occurrence counts. */
  values: Record<string, string[]>;
  /** Arguments whose value the script computes, or takes from its surroundings. */
  computed: string[];
  /** Words in front of the first argument and between commands: "key=value" and others. */
  words: string[];
}

/** A comment, a line that goes on, an escaped character, quoted text, an end of a command, or text. */
const piece = /#[^\n]*|\\\n|\\.|'[^']*'|"(?:\\.|[^"\\])*"|&&|[;|()]|\s+|[^\s'"\\;|()&]+|&/gsy;

/** Words of a script; quotes are taken off, and ends of commands and of arrays are words. */
function wordsOf(text: string): { word: string; bare: boolean }[] {
  const words: { word: string; bare: boolean }[] = [];
  let open: { word: string; bare: boolean } | undefined;
  const add = (part: string, bare: boolean) => {
    if (!open) words.push(open = { word: "", bare: true });
    open.word += part;
    open.bare &&= bare;
  };
  for (const [part] of text.matchAll(piece)) {
    // A line ends a command, or stands between the arguments of an array: both may be followed.
    if (part === "\\\n" || /^\s+$/.test(part)) open = undefined;
    else if (/^(&&|[;|()])$/.test(part)) {
      open = undefined;
      words.push({ word: part, bare: true });
    } else if (part.startsWith("#") && !open) continue;
    else if (part.startsWith("'")) add(part.slice(1, -1), false);
    else if (part.startsWith('"')) add(part.slice(1, -1).replaceAll(/\\(.)/gs, "$1"), false);
    else if (part.startsWith("\\")) add(part.slice(1), false);
    else add(part, true);
  }
  return words;
}

/** A word with the variables that the script has set; those of its surroundings stay. */
function expanded(word: string, variables: ReadonlyMap<string, string>): string {
  return word.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g,
    (whole, plain?: string, braced?: string, otherwise?: string) =>
      variables.get(plain ?? braced ?? "") ?? otherwise ?? whole,
  );
}

/**
 * The arguments of a script, or of one command.
 *
 * Arrays such as `ARGS=(--bf16 --swiglu)` are read where they are set, so that a script reads like
 * the command that it builds up.
 */
export function shellArguments(text: string): ShellArguments {
  const variables = new Map<string, string>();
  const found: ShellArguments = { values: {}, computed: [], words: [] };
  let name: string | undefined;
  for (const { word, bare } of wordsOf(text)) {
    if (bare && /^(&&|[;|()])$/.test(word)) {
      name = undefined;
      continue;
    }
    const value = expanded(word, variables);
    const set = /^([A-Za-z_]\w*)=(.*)$/s.exec(value);
    if (set && name === undefined) {
      if (set[2] !== "") variables.set(set[1], set[2]);
      found.words.push(value);
    } else if (/^--[A-Za-z]/.test(value)) {
      const [key, ...rest] = value.split("=");
      name = key;
      found.values[name] = rest.length > 0 ? [rest.join("=")] : [];
    } else if (/^\$\{?\w+\[[@*]\]/.test(value)) name = undefined;
    else if (name === undefined) found.words.push(value);
    else if (/\$($|[\w{(])/.test(value)) {
      delete found.values[name];
      found.computed.push(name);
      name = undefined;
    } else found.values[name].push(value);
  }
  return found;
}

/** Arguments of torchrun that say how many processes there are. */
export const startArguments = /^--(nproc[-_]per[-_]node|nnodes|standalone)$/;

/** Processes that a command starts, where it says so: one for each device. */
export function startedDevices(values: Readonly<Record<string, string[]>>): number | undefined {
  const count = (name: string) => {
    const [word = ""] = values[`--${name}`] ?? values[`--${name.replaceAll("-", "_")}`] ?? [];
    return /^\d+$/.test(word) ? Number(word) : undefined;
  };
  const host = count("nproc-per-node");
  const named = values["--nnodes"] !== undefined;
  const hosts = named ? count("nnodes") : 1;
  return host === undefined || hosts === undefined ? undefined : host * hosts;
}

/** A word as a shell has to see it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
