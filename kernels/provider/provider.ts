/**
 * Who implements WebGPU: Deno itself (wgpu), or Dawn, which is Chromium's, from the npm package
 * `webgpu`. Deno's is the default and the reference; Dawn gives access to subgroup matrices and
 * waits in 0.1 ms where Deno's waits take 11 ms.
 *
 * A provider is one function that gives a `GPU`. Everything behind it asks the device for its
 * features, and nothing asks who provides it. Constants such as `GPUBufferUsage` are numbers of the
 * specification, the same in both, and are taken from Deno's globals.
 *
 * @module
 */
import { unknownName } from "../base/errors.ts";
import { dawnGpu } from "./dawn.ts";

/** Names of the providers, the default first. */
export const providers = ["deno", "dawn"] as const;

/** A provider's name. */
export type Provider = typeof providers[number];

/**
 * The provider of a name.
 *
 * @throws {UserError} where there is none.
 *
 * @example
 * ```ts
 * import { parseProvider } from "@moelab/moelab/kernels";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseProvider("dawn"), "dawn");
 * assertThrows(() => parseProvider("down"), TypeError, 'did you mean "dawn"?');
 * ```
 */
export function parseProvider(name: string): Provider {
  const provider = providers.find((known) => known === name);
  if (provider === undefined) throw unknownName("WebGPU provider", name, providers);
  return provider;
}

let chosen: Provider = providers[0];

/** Chooses the provider of the devices that this process opens from now on. */
export function chooseProvider(provider: Provider): void {
  chosen = provider;
}

/** The provider of devices that are opened without naming one. */
export function chosenProvider(): Provider {
  return chosen;
}

const entries: Record<Provider, () => Promise<GPU>> = {
  deno: () => Promise.resolve(navigator.gpu),
  dawn: dawnGpu,
};

/**
 * The WebGPU entry object of a provider.
 *
 * @throws {UserError} where Dawn cannot be loaded.
 */
export function provideGpu(provider: Provider = chosen): Promise<GPU> {
  return entries[provider]();
}
