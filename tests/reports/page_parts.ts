/** Cuts a rendered report into what a reader sees and what a program reads. @module */

/** The text of the element between two marks; fails where there is none. */
export function between(html: string, from: string, to: string): string {
  const start = html.indexOf(from);
  const end = html.indexOf(to, start + from.length);
  if (start < 0 || end < 0) throw new Error(`The page has no ${from} … ${to}`);
  return html.slice(start + from.length, end);
}

/** What a reader without scripts sees: the body up to the data. */
export function visibleBody(html: string): string {
  return between(html, "<body>", '<script type="application/json"');
}

/** The JSON that the page holds under an id. */
export function dataOf(html: string, id: string): unknown {
  return JSON.parse(between(html, `<script type="application/json" id="${id}">`, "</script>"));
}

/** Text of the tables alone, tags replaced by blanks and entities by their characters. */
export function tableText(html: string): string {
  return [...html.matchAll(/<table.*?<\/table>/gs)].map(([table]) => table.replace(/<[^>]*>/g, " "))
    .join(" ").replace(/&lt;/g, "<").replace(/&amp;/g, "&").replace(/[ \n\u00a0]+/g, " ");
}
