/**
 * The picture of a mission: what is drawn of it at any size, that every state can be told without colour, and
 * that nothing a title holds gets out of its place.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../shared/limits.ts";
import {
  boxLines,
  drawnGraph,
  layoutPicture,
  type PicturedMission,
  type PicturedNode,
  pictureSummary,
  pictureToSvg,
  type PlacedBox,
  type Point,
} from "../../shared/picture/index.ts";

const STATES = ["NEW", "READY", "RUNNING", "DONE", "BLOCKED"] as const;
const VERDICTS = ["pause", "block", "seal"] as const;

function node(id: string, change: Partial<PicturedNode> = {}): PicturedNode {
  return {
    id,
    title: `Node ${id}`,
    kind: "decision",
    phase: "work",
    risk: 1,
    state: "NEW",
    verdict: null,
    ...change,
  };
}

function mission(nodes: readonly PicturedNode[], edges: PicturedMission["edges"] = []) {
  return { id: "msn", title: "A mission", state: "active", sealed: false, nodes, edges };
}

/** Nodes in a row of phases of ten, each behind the one before; the first `done` of them are DONE. */
function chain(count: number, done = 0): PicturedMission {
  const nodes = Array.from({ length: count }, (_none, at) =>
    node(`n${at}`, {
      phase: `p${Math.floor((at * 20) / Math.max(count, 20))}`,
      state: at < done ? "DONE" : "NEW",
    }),
  );
  const edges = nodes.slice(1).map(({ id }, at) => ({ from: `n${at}`, to: id }));
  return mission(nodes, edges);
}

/** As many edges as there may be: every node behind every one of the layer before. */
function dense(layers: number, width: number): PicturedMission {
  const nodes = Array.from({ length: layers * width }, (_none, at) =>
    node(`n${at}`, { phase: `p${Math.floor(at / width) % 64}` }),
  );
  const edges = nodes.flatMap((_node, to) =>
    to < width
      ? []
      : Array.from({ length: width }, (_none, at) => ({
          from: `n${Math.floor(to / width - 1) * width + at}`,
          to: `n${to}`,
        })),
  );
  return mission(nodes, edges);
}

/** Edges near and far, none of them implied by much. */
function tangle(count: number): PicturedMission {
  const nodes = Array.from({ length: count }, (_none, at) => node(`n${at}`));
  const edges = nodes.flatMap((_node, at) =>
    [1 + (at % 3), 5 + (at % 7), 13 + (at % 5)]
      .filter((ahead) => at + ahead < count)
      .map((ahead) => ({ from: `n${at}`, to: `n${at + ahead}` })),
  );
  return mission(nodes, edges);
}

const nodesBehind = (drawn: Pick<ReturnType<typeof drawnGraph>, "boxes">) =>
  drawn.boxes.flatMap((box) => (box.kind === "node" ? [box.node] : box.nodes)).map(({ id }) => id);

describe("a mission's boxes", () => {
  it.each([0, 1, 2, 299, 300])("are all its nodes, when it has %i", (count) => {
    const drawn = drawnGraph(chain(count));
    expect(drawn.collapsed).toBe("nothing");
    expect(nodesBehind(drawn)).toEqual(chain(count).nodes.map(({ id }) => id));
    expect(drawn.boxes.every(({ kind }) => kind === "node")).toBe(true);
  });

  it("join what is done by phase from 301 on, and leave what is not", () => {
    const drawn = drawnGraph(chain(301, 100));
    expect(drawn.collapsed).toBe("done");
    expect(drawn.boxes.filter(({ kind }) => kind === "node").length).toBeGreaterThanOrEqual(201);
    expect(nodesBehind(drawn).toSorted()).toEqual(
      chain(301)
        .nodes.map(({ id }) => id)
        .toSorted(),
    );
  });

  it("are its phases when too much is not done, each saying how much is behind it", () => {
    const drawn = drawnGraph(chain(301));
    expect(drawn.collapsed).toBe("phases");
    expect(drawn.boxes).toHaveLength(20);
    const counts = drawn.boxes.map((box) => Number(/^\d+/.exec(boxLines(box)[0])?.[0]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(301);
    expect(drawn.edges).toHaveLength(19);
  });

  it.each([
    ["10,000 in a chain", chain(10_000, 5_000)],
    ["10,000 of which all are done", chain(10_000, 10_000)],
    [
      "10,000 in a fan",
      mission(
        [node("a"), ...Array.from({ length: 9_999 }, (_none, at) => node(`n${at}`))],
        Array.from({ length: 9_999 }, (_none, at) => ({ from: "a", to: `n${at}` })),
      ),
    ],
    ["50,000 edges", dense(64, 28)],
    ["300 nodes with every edge there may be", dense(20, 15)],
  ])("stay few with %s", (_name, large) => {
    const picture = layoutPicture(large);
    expect(picture.boxes.length).toBeLessThanOrEqual(LIMITS.pictureBoxesMax);
    expect(nodesBehind(picture)).toHaveLength(large.nodes.length);
    expect(pictureToSvg(picture).length).toBeLessThan(512 * 1024);
  });

  it("have an edge for each that no longer way implies", () => {
    const nodes = ["a", "b", "c", "d"].map((id) => node(id));
    const edges = [
      ["a", "b"],
      ["b", "c"],
      ["a", "c"],
      ["a", "d"],
      ["c", "d"],
    ].map(([from = "", to = ""]) => ({ from, to }));
    const drawn = drawnGraph(mission(nodes, edges));
    expect(drawn.edges).toEqual([edges[0], edges[1], edges[4]]);
    expect(drawn.edgesImplied).toBe(2);
  });
});

describe("the edges drawn", () => {
  it("reach from every node what the mission's edges reach, and not one could go", () => {
    const pairs = fc.array(fc.tuple(fc.nat(14), fc.nat(14)), { maxLength: 60 });
    fc.assert(
      fc.property(pairs, (drawnPairs) => {
        const edges = drawnPairs
          .filter(([a, b]) => a < b)
          .map(([a, b]) => ({ from: `n${a}`, to: `n${b}` }));
        const nodes = Array.from({ length: 15 }, (_none, at) => node(`n${at}`));
        const drawn = drawnGraph(mission(nodes, edges)).edges;
        expect(reachOf(drawn)).toEqual(reachOf(edges));
        for (const edge of drawn) {
          expect(reachOf(drawn.filter((other) => other !== edge))).not.toEqual(reachOf(edges));
        }
      }),
    );
  });
});

/** Every pair that edges lead from and to, the slow way. */
function reachOf(edges: PicturedMission["edges"]): ReadonlySet<string> {
  const pairs = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  for (let before = -1; before < pairs.size;) {
    before = pairs.size;
    for (const pair of pairs) {
      const [start, middle] = pair.split(" ");
      for (const { from, to } of edges) if (from === middle) pairs.add(`${start} ${to}`);
    }
  }
  return new Set([...pairs].toSorted());
}

describe("a state", () => {
  const looks = [
    ...STATES.filter((state) => state !== "BLOCKED").map((state) => node("a", { state })),
    ...VERDICTS.map((verdict) => node("a", { state: "BLOCKED", verdict })),
  ];
  const bodyOf = (shown: PicturedNode) =>
    /<g class[^]*<\/g>/.exec(pictureToSvg(layoutPicture(mission([shown]))))?.[0] ?? "";

  it("has a sign of its own, without its colour and its words", () => {
    const signs = looks.map((shown) =>
      bodyOf(shown).replaceAll(/class="[A-Z]+"|<title>.*?<\/title>|<text.*?<\/text>/g, ""),
    );
    expect(new Set(signs).size).toBe(looks.length);
  });

  it("has words of its own, without its colour and its sign", () => {
    const words = looks.map((shown) => boxLines({ kind: "node", id: "a", node: shown }).join());
    expect(new Set(words).size).toBe(looks.length);
  });

  it("has kinds with outlines of their own", () => {
    const kinds = (["decision", "execution", "approval"] as const).map(
      (kind) => /<(rect|path) class="box"[^>]*>/.exec(bodyOf(node("a", { kind })))?.[0],
    );
    expect(new Set(kinds).size).toBe(3);
  });
});

/** Whether the straight line between two points leads through the inside of a box. */
function crosses(box: PlacedBox, a: Point, b: Point): boolean {
  return Array.from({ length: 101 }, (_none, at) => at / 100).some((part) => {
    const [x, y] = [a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part];
    const isBeside = x <= box.x + 1 || x >= box.x + box.w - 1;
    return !isBeside && y > box.y + 1 && y < box.y + box.h - 1;
  });
}

describe("a picture", () => {
  it("is the same bytes for the same mission, whatever was drawn before", () => {
    const large = chain(120, 40);
    const first = pictureToSvg(layoutPicture(large));
    layoutPicture(dense(5, 5));
    expect(pictureToSvg(layoutPicture(structuredClone(large)))).toBe(first);
  });

  it("keeps its boxes apart and inside", () => {
    const picture = layoutPicture(dense(6, 5));
    for (const [at, box] of picture.boxes.entries()) {
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.w).toBeLessThanOrEqual(picture.width);
      expect(box.y + box.h).toBeLessThanOrEqual(picture.height);
      for (const other of picture.boxes.slice(at + 1)) {
        const isApart = Math.abs(box.x - other.x) >= box.w || Math.abs(box.y - other.y) >= box.h;
        expect(isApart).toBe(true);
      }
    }
  });

  it("leads its arrows from the boxes they name to those, and through no other", () => {
    const picture = layoutPicture(tangle(40));
    const boxById = new Map(picture.boxes.map((box) => [box.id, box]));
    expect(picture.arrows.length).toBeGreaterThan(40);
    for (const { from, to, points } of picture.arrows) {
      const [start, end] = [boxById.get(from), boxById.get(to)];
      expect(points[0]).toEqual(start && { x: start.x + start.w / 2, y: start.y + start.h });
      expect(points.at(-1)).toEqual(end && { x: end.x + end.w / 2, y: end.y });
      const crossed = picture.boxes.filter((box) =>
        points.slice(1).some((point, at) => crosses(box, points[at] ?? point, point)),
      );
      expect(crossed.map(({ id }) => id)).toEqual([]);
    }
  });

  it("says in words what it shows, for those who do not see it", () => {
    const nodes = [node("a", { state: "DONE" }), node("b", { state: "BLOCKED", verdict: "pause" })];
    const picture = layoutPicture(mission(nodes, [{ from: "a", to: "b" }]));
    expect(pictureSummary(picture)).toBe("Mission active. 2 nodes: 1 BLOCKED, 1 DONE.");
    const svg = pictureToSvg(picture);
    expect(svg).toContain('role="img" aria-labelledby="picture-title picture-summary"');
    expect(svg).toContain("Node b (b): BLOCKED, verdict pause; decision in work, risk 1</title>");
  });

  it.each([
    ["a tag", "</text><script>alert(1)</script>"],
    ["an attribute's end", '"/><image href="https://evil.example/x"/>'],
    ["a document type", "]]><!ENTITY x SYSTEM 'file:///'>&x;"],
    ["turned directions", "\u202Eoverridden\u2066"],
    ["control characters", "\u0000\u0008\u001B[31m"],
    ["lone surrogates", "\uD800 alone \uDC00"],
    ["what is no character", "\uFFFE\uFFFF"],
    ["a tower of marks", `Z${"\u0301".repeat(1_900)}`],
    ["wide script", "漢".repeat(1_000)],
    ["joined pictures", "👩‍👩‍👧‍👦".repeat(150)],
    ["blanks", " ".repeat(2_000)],
  ])("holds a title of %s, and nothing of what it would do", (_name, title) => {
    const shown = mission([node("a", { title })]);
    const svg = pictureToSvg(layoutPicture({ ...shown, title }));
    const plain = pictureToSvg(layoutPicture(mission([node("a")])));
    const tags = (text: string) => text.match(/<[^>]*>/g);
    expect(tags(svg)).toEqual(tags(plain));
    expect(svg.isWellFormed()).toBe(true);
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(svg).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/);
    expect(svg.replaceAll(/&(amp|lt|gt|quot|#39);/g, "")).not.toContain("&");
    const [line] = boxLines({ kind: "node", id: "a", node: node("a", { title }) });
    expect(line.length).toBeLessThanOrEqual(8 * 27 + 1);
  });
});
