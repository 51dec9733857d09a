import type { Detector, Video } from "../api/types";

/** A detector as the API describes one; for tests. */
export function testDetector(change: Partial<Detector> = {}): Detector {
  return {
    name: "quick",
    title: "Quick detector",
    summary: "Learns.",
    paper: "Someone 2024",
    sees: ["Running"],
    misses: ["Standing"],
    recommended: "",
    schema: {
      properties: {
        epochs: { type: "integer", minimum: 1, maximum: 200, default: 6, description: "Passes." },
        score: { type: "string", enum: ["fused", "error"] },
      },
    },
    presets: [
      {
        name: "fast",
        description: "Minutes.",
        config: { epochs: 6, score: "fused" },
        cost: null,
        needs_weights: [],
        weights_missing: [],
      },
      {
        name: "paper",
        description: "Hours.",
        config: { epochs: 25, score: "error" },
        cost: null,
        needs_weights: ["clip.safetensors"],
        weights_missing: ["clip.safetensors"],
      },
    ],
    needs_weights: ["clip.safetensors"],
    weights_missing: ["clip.safetensors"],
    ...change,
  };
}

/** The part of a video that choosing footage looks at. */
export function testVideo(id: string): Video {
  return { id, name: `${id}.mp4`, state: "ready", duration_s: 60 } as Video;
}
