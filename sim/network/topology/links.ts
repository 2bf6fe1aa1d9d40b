/**
 * Links of one kind, as a topology is made of them.
 *
 * @module
 */

/** Some links with ids from 0, strung together with those of other kinds. */
export interface Links {
  /** Bytes a second, by id. */
  capacities: readonly number[];
  /** What a link is, in words. */
  nameOf(link: number): string;
}
