/** Reading descriptions: what is refused, and what the message says. */
import { assertEquals, assertThrows } from "@std/assert";
import { layersOf, modelPreset, readModel } from "../../../core/spec/mod.ts";

const small = () => ({
  id: "mine",
  name: "Mine",
  layers: 4,
  dModel: 64,
  attention: { kind: "gqa", heads: 4, kvHeads: 2, headDim: 16 },
  moe: { experts: 8, topK: 2, width: 32, activation: "swiglu" },
  embedding: { vocab: 100, tied: true },
});

type Small = ReturnType<typeof small> & Record<string, unknown>;

function refused(change: (model: Small) => void, message: string) {
  const model = small() as Small;
  change(model);
  assertThrows(() => readModel(model, "mine.json"), TypeError, `Cannot read mine.json: ${message}`);
}

Deno.test("a short description is filled with defaults", () => {
  const model = readModel(small(), "mine.json");
  assertEquals(model.moe?.placement, { kind: "every", step: 1, offset: 0 });
  assertEquals(model.norm, { kind: "rmsnorm", bias: false, perLayer: 2, final: true });
  assertEquals(model.embedding.positions, { kind: "rope" });
  assertEquals([model.block, model.convention, model.rumour], ["serial", "all", false]);
});

Deno.test("reading what was read changes nothing", () => {
  const model = modelPreset("jamba");
  assertEquals(readModel(JSON.parse(JSON.stringify(model)), "again"), model);
});

Deno.test("a wrong field is named with what was found and what was wanted", () => {
  refused((m) => m.layers = 0, "at /layers expected at least 1 but found 0");
  refused((m) => m.moe.topK = 2.5, "at /moe/topK expected int but found 2.5");
  refused((m) => m.id = "My Model", 'at /id expected lower case words with hyphens but found "My');
  refused((m) => m.moe.activation = "silu", "at /moe/activation expected one of");
  refused((m) => m.attention.kind = "flash", "at /attention/kind expected an object whose kind is");
  refused(
    (m) => m.published = { total: "about 7B", source: "x" },
    "at /published/total expected a",
  );
  refused(
    (m) => delete (m as Partial<Small>).embedding,
    "at /embedding expected object but found nothing",
  );
});

Deno.test("unknown fields are refused", () => {
  refused((m) => m.hidden_size = 64, 'at / expected no field "hidden_size"');
  refused((m) => Object.assign(m.moe, { top_k: 2 }), 'at /moe expected no field "top_k"');
});

Deno.test("sizes that contradict each other are refused", () => {
  refused((m) => m.moe.topK = 9, "at /moe/topK expected at most the 8 experts of a layer");
  refused((m) => m.attention.kvHeads = 3, "at /attention/kvHeads expected a divisor of the 4");
  const place = (placement: unknown) => (m: Small) => Object.assign(m.moe, { placement });
  refused(place({ kind: "every", step: 2 }), "at /ffn expected object but found nothing, and");
  refused(
    place({ kind: "list", layers: [0, 1, 2, 4] }),
    "at /moe/placement expected layers below 4 but found 4",
  );
  refused(place({ kind: "after", first: 4 }), "at /moe/placement expected a layer with experts");
});

Deno.test("windows, linear layers and groups of experts that do not fit are refused", () => {
  const window = (fields: object) => (m: Small) =>
    Object.assign(m.attention, { window: { size: 8, ...fields } });
  refused(window({}), "at /attention/window/fullEvery expected");
  refused(
    window({ fullEvery: 2, fullOffset: 2 }),
    "at /attention/window/fullOffset expected less than 2 but found 2",
  );
  const linear = { kind: "lightning", keyHeads: 3, valueHeads: 4, keyDim: 8, valueDim: 8 };
  refused(
    (m) => m.linear = { ...linear, softmaxEvery: 2 },
    "at /linear/keyHeads expected a divisor of the 4 value heads but found 3",
  );
  const limit = (groups: number, chosen: number) => (m: Small) =>
    Object.assign(m.moe, { router: { limit: { groups, chosen } } });
  refused(
    limit(3, 1),
    "at /moe/router/limit/groups expected a divisor of the 8 experts of a layer but found 3",
  );
  refused(
    limit(8, 1),
    "at /moe/router/limit/chosen expected at most 8 groups, with 2 experts or more, but found 1",
  );
  refused((m) => m.mtp = { modules: 0 }, "at /mtp/modules expected at least 1 but found 0");
});

Deno.test("blocks have a letter for each layer, and sizes for each letter", () => {
  const mamba2 = { heads: 4, headDim: 32, stateSize: 16, groups: 2, convWidth: 4 };
  const blocks = (letters: string, more: object = { mamba2 }) => (m: Small) =>
    Object.assign(m, { blocks: letters, ...more });
  refused(blocks("MxE*"), "at /blocks expected letters M, *, E and - but found");
  refused(blocks("ME*"), "at /blocks expected one letter for each of 4 layers but found 3");
  refused(
    blocks("ME*E", {}),
    'at /blocks expected letters for the parts that are described but found "M" without',
  );
  refused(
    blocks("M*M*"),
    'at /blocks expected letters for the parts that are described but found no "E"',
  );
  refused((m) => m.mamba2 = mamba2, 'at /blocks expected letters with "M"');
  refused(
    blocks("ME*E", { mamba2, mtp: { modules: 1 } }),
    "at /mtp expected nothing beside blocks",
  );
  const model = small() as Small;
  blocks("ME*E")(model);
  assertEquals(layersOf(readModel(model, "mine.json")).map((l) => [l.mixer, l.network]), [
    ["mamba2", "none"],
    ["none", "experts"],
    ["attention", "none"],
    ["none", "experts"],
  ]);
});

Deno.test("windows and linear attention are where they say", () => {
  const oss = layersOf(modelPreset("gpt-oss-120b"));
  assertEquals(oss.slice(0, 4).map((l) => l.window), [128, undefined, 128, undefined]);
  const mixers = layersOf(modelPreset("minimax-text-01")).map((l) => l.mixer);
  assertEquals(mixers.flatMap((m, i) => m === "attention" ? [i] : []).slice(0, 3), [7, 15, 23]);
});

Deno.test("placements put experts where they say", () => {
  const at = (placement: unknown) => {
    const ffn = { width: 128, activation: "relu" };
    const model = { ...small(), ffn, encoderLayers: 4, moe: { ...small().moe, placement } };
    return layersOf(readModel(model, "mine.json")).map((layer) => layer.experts);
  };
  assertEquals(at({ kind: "every", step: 2, offset: 1 }), [0, 8, 0, 8, 0, 8, 0, 8]);
  assertEquals(at({ kind: "after", first: 3 }), [0, 0, 0, 8, 0, 0, 0, 8]);
  assertEquals(at({ kind: "list", layers: [0, 5] }), [8, 0, 0, 0, 0, 8, 0, 0]);
  assertEquals(
    at({
      kind: "pyramid",
      groups: [{ layers: [1], experts: 4 }, { layers: [6, 7], experts: 16 }],
    }),
    [0, 4, 0, 0, 0, 0, 16, 16],
  );
});

Deno.test("decoder layers of an encoder-decoder cross-attend, Jamba's mix attention and Mamba", () => {
  const switchLayers = layersOf(modelPreset("switch-7b"));
  assertEquals(switchLayers.filter((l) => l.crossAttention).map((l) => l.index)[0], 12);
  const mixers = layersOf(modelPreset("jamba")).map((l) => l.mixer);
  assertEquals(mixers.flatMap((m, i) => m === "attention" ? [i] : []), [4, 12, 20, 28]);
});
