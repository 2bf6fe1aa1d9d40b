import { terminalProgress } from "../../experiments/cli_progress.ts";

Deno.test("progress needs no terminal and no permission, and leaves no timer behind", () => {
  const progress = terminalProgress();
  progress.step("nothing has begun");
  progress.start(2, "first");
  progress.step("half");
  progress.start(1, "second");
  progress.step();
  progress.stop();
  progress.stop();
});
