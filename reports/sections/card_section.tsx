/** One thing that a page is about, on one card. @module */
import type { JSX } from "preact";
import { formatEstimate, nameOf, unitOf } from "../format.ts";
import type { Card, CardFigure } from "../visuals.ts";
import { Badge, Section, Words } from "./parts.tsx";

const capital = (text: string) => text[0].toUpperCase() + text.slice(1);

function Figure({ figure }: { figure: CardFigure }): JSX.Element {
  const { key, label, value: estimate, note } = figure;
  const { value, interval, unit } = formatEstimate(estimate, unitOf(key));
  return (
    <li title={estimate.method || undefined}>
      <span class="fact-value">
        {value}
        {unit && <span class="fact-unit">{unit}</span>}
      </span>
      {interval && <span class="fact-interval">{interval}</span>}
      <span class="fact-label">{capital(label ?? nameOf(key))}{note && `, ${note}`}</span>
    </li>
  );
}

/** How the figures with intervals were obtained, each way once. */
const methodsOf = ({ figures }: Card) => [
  ...new Set(figures.filter(({ value }) => value.lo < value.hi).map(({ value }) => value.method)),
];

/** The card as a section. */
export function CardSection({ card }: { card: Card }): JSX.Element {
  const methods = methodsOf(card);
  return (
    <Section
      id={card.id}
      title={card.title}
      lead={
        <>
          {card.note} <Badge kind={card.kind} />
        </>
      }
    >
      {card.figures.length > 0 && (
        <ul class="facts figures">
          {card.figures.map((f) => <Figure key={f.key} figure={f} />)}
        </ul>
      )}
      {methods.length > 0 && <p class="methods">{methods.join("; ")}.</p>}
      {(card.settings.length > 0 || card.text) && (
        <div class="card settings">
          {card.settings.length > 0 && (
            <dl class="facts-list">
              {card.settings.map(({ label, value }) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          )}
          {card.text && (
            <p class="command">
              <span>In words</span>
              <code>
                <Words text={card.text} />
              </code>
            </p>
          )}
        </div>
      )}
      {card.lists?.map(({ title, items }) => (
        <div key={title} class="text">
          <h3>{title}</h3>
          <ul class="said-list">
            {items.map((item) => <li key={item}>{item}</li>)}
          </ul>
        </div>
      ))}
      {card.paragraphs.length > 0 && (
        <div class="text said">
          {card.paragraphs.map((p) => <p key={p}>{p}</p>)}
        </div>
      )}
    </Section>
  );
}
