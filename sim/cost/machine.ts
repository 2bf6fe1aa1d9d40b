/**
 * What a plan is priced on: a device for its number formats, a fabric and a software stack.
 *
 * @module
 */
import type { Fabric } from "../network/fabric.ts";
import type { Graphs, Stack } from "../stack/stack.ts";
import type { DeviceModel } from "./device.ts";

/** A machine with its software; see the module. */
export interface Machine {
  /** The device in the format of the products. */
  device: DeviceModel;
  /** The device in 16 bits, for attention, the output layer and the router. */
  wide: DeviceModel;
  /** Links. */
  fabric: Fabric;
  /** Software. */
  stack: Stack;
  /** How kernels are issued. */
  graphs: Graphs;
}
