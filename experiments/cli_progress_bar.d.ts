/** What this project uses of the package cli-progress, which ships no types. @module */

/** One progress bar. */
export class SingleBar {
  /** Makes a bar; nothing is drawn before it starts. */
  constructor(options: {
    format: string;
    stream: unknown;
    noTTYOutput: boolean;
    notTTYSchedule: number;
    clearOnComplete: boolean;
    hideCursor: boolean;
  }, preset: unknown);
  /** Draws the bar at `value` of `total`. */
  start(total: number, value: number, payload: Record<string, string>): void;
  /** Goes on by `steps`. */
  increment(steps: number, payload: Record<string, string>): void;
  /** Draws the bar a last time and lets go of the terminal. */
  stop(): void;
}

declare const cliProgress: {
  /** One progress bar. */
  SingleBar: typeof SingleBar;
  /** Looks of the bar, by name. */
  Presets: { rect: unknown };
};
export default cliProgress;
