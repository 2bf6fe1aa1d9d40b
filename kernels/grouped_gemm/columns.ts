/**
 * How many workgroups the grouped pair of products needs over its columns.
 *
 * @module
 */
import type { Device } from "../device.ts";
import { columnsOf, type Variant } from "../gemm/variant.ts";

/** Workgroups over the columns of the up product (width `up`) and of the down product. */
export function groupedColumns(
  device: Device,
  variant: Variant,
  widths: { up: number; down: number },
): [number, number] {
  const columns = (swiglu: boolean) =>
    columnsOf(variant, { grouped: true, gather: swiglu, swiglu }, device.subgroupSize);
  return [Math.ceil(widths.up / columns(true)), Math.ceil(widths.down / columns(false))];
}
