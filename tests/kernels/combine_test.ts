import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { split } from "../../kernels/base/random.ts";
import { combine, combineBackward } from "../../kernels/combine/combine.ts";
import { combineOracle } from "../../kernels/combine/oracle.ts";
import { createRecorder } from "../../kernels/recorder.ts";
import { download } from "../../kernels/tensor.ts";
import { assertClose, numbers, withDevice } from "./compare.ts";
import { assertSlopes, batch, storages } from "./slopes.ts";

/** A random order of the choices, as a routing gives. */
function shuffled(name: string, n: number): Uint32Array<ArrayBuffer> {
  const stream = split(1, name);
  const places = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.int(0, i);
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places;
}

Deno.test("the combine without weights is the gradient of tokens that were copied to rows", () => {
  const [t, k, d] = [3, 2, 4];
  const places = shuffled("places", t * k);
  const dRows = numbers("dRows", t * k * d);
  const loss = ({ x }: { x: ArrayLike<number> }) =>
    [...places].reduce((sum, row, choice) => {
      for (let j = 0; j < d; j++) sum += dRows[row * d + j] * x[Math.floor(choice / k) * d + j];
      return sum;
    }, 0);
  const x = combineOracle(dRows, { places, t, k, d }).values;
  assertSlopes(loss, { x: numbers("x", t * d) }, { gradients: { x }, what: "combine backward" });
});

Deno.test(
  "combine and its backward are those of the oracle over random shapes, with and without each part",
  withDevice(async (pool, device) => {
    const shape = fc.record({
      t: fc.integer({ min: 1, max: 60 }),
      k: fc.integer({ min: 1, max: 9 }),
      d: fc.integer({ min: 1, max: 100 }),
    });
    const shapes = [
      ...fc.sample(shape, { seed: 1, numRuns: 12 }),
      { t: 1, k: 1, d: 1 },
      { t: 33, k: 3, d: 530 },
    ];
    for (const storage of storages(device)) {
      await batch(
        pool,
        shapes.map(({ t, k, d }) => (recorder) => {
          const host = (name: string, n: number) => storage.host(numbers(name, n));
          const [rows, extra] = [host("rows", t * k * d), host("extra", t * d)];
          const weights = numbers("weights", t * k);
          const places = shuffled(`${t}x${k}`, t * k);
          const own = {
            rows: pool.upload("rows", [t * k, d], rows),
            extra: pool.upload("extra", [t, d], extra),
            weights: pool.upload("weights", [t * k], weights),
            places: pool.upload("places", [t * k], places),
          };
          const options = { places: own.places, topK: k };
          const { rows: from } = own;
          const wanted = [
            combineOracle(rows, { places, weights, t, k, d }),
            combineOracle(rows, { places, weights, extra, t, k, d }),
            combineOracle(rows, { places, t, k, d }),
            combineOracle(rows, { places, extra, t, k, d }),
          ];
          return {
            tensors: [
              combine(recorder, from, { ...options, weights: own.weights }),
              combine(recorder, from, { ...options, weights: own.weights, extra: own.extra }),
              combineBackward(recorder, from, options),
              combineBackward(recorder, from, { ...options, extra: own.extra }),
            ],
            check: (values) =>
              values.forEach((got, i) =>
                assertClose(got, storage.stored(wanted[i]), {
                  what: `${i} of ${t}x${k}x${d}`,
                  tolerance: storage.tolerance,
                })
              ),
          };
        }),
      );
    }
  }),
);

Deno.test(
  "columns of padding come out as 0, so that products can read the sum",
  withDevice(async (pool, device) => {
    const rows = pool.upload("rows", [16, 5], numbers("rows", 80));
    const places = pool.upload("places", [16], shuffled("padding", 16));
    const recorder = createRecorder(pool);
    const y = combine(recorder, rows, { places, topK: 2 });
    recorder.submit();
    const [all] = await download(device, [{ ...y, shape: [8, 8] }]);
    assertEquals([...all].map((v, i) => i % 8 < 5 || v === 0).every(Boolean), true);
  }),
);
