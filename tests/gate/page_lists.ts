/**
 * Lists on pages that are made of tables of the code: each stands in a block of text under a comment
 * that names it.
 */

/** The lists of a page by name, each as what makes it. */
export type PageLists = Readonly<Record<string, () => string>>;

/** Cells in columns, the last one left as it is. */
export function inColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row.map((cell, c) => c < row.length - 1 ? cell.padEnd(widths[c]) : cell).join("  ").trimEnd()
  ).join("\n");
}

/** What a page shows under the comment of a list. */
export function shownIn(page: string, list: string): string | undefined {
  return new RegExp(`<!-- ${list} -->\n\n\`\`\`text\n([\\s\\S]*?)\n\`\`\``).exec(page)?.[1];
}

/** Writes the lists of a page anew. */
export async function writeLists(path: string, lists: PageLists): Promise<void> {
  const page = Object.entries(lists).reduce((text, [name, of]) => {
    const old = shownIn(text, name);
    if (old === undefined) throw new RangeError(`Found no list "${name}" in ${path}`);
    const head = `<!-- ${name} -->\n\n\`\`\`text\n`;
    return text.replace(`${head}${old}\n`, () => `${head}${of()}\n`);
  }, await Deno.readTextFile(path));
  await Deno.writeTextFile(path, page);
}
