/** How each part was done, its limits, and the words used. @module */
import type { JSX } from "preact";
import type { Result } from "../result.ts";
import { termsOf } from "./glossary.ts";
import { Section } from "./parts.tsx";

/** The last section. */
export function Guide({ result }: { result: Result }): JSX.Element {
  return (
    <Section id="understanding" title="Understanding this report">
      {result.notes.map((note) => (
        <div key={note.heading} class="text">
          <h3>{note.heading}</h3>
          {note.paragraphs.map((p) => <p key={p}>{p}</p>)}
        </div>
      ))}
      <h3 id="glossary">Words and units</h3>
      <dl class="glossary">
        {termsOf(result).map((t) => (
          <div key={t.word}>
            <dt>{t.word}</dt>
            <dd>{t.meaning}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
