import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The Django server that the dev server hands everything but the app itself to.
const backend = process.env.VADREVIEW_BACKEND ?? "http://127.0.0.1:8000";

/** Writes x.js.gz and x.js.br beside x.js: WhiteNoise sends them to browsers that can read them. */
function compressedCopies(): Plugin {
  let folder = "";
  return {
    name: "compressed-copies",
    apply: "build",
    configResolved: (config) => {
      folder = resolve(config.root, config.build.outDir, "assets");
    },
    closeBundle: async () => {
      const names = (await readdir(folder)).filter((name) => /\.(js|css)$/.test(name));
      for (const name of names) {
        const content = await readFile(join(folder, name));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
        await writeFile(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }));
        await writeFile(join(folder, `${name}.br`), brotliCompressSync(content, { params }));
      }
    },
  };
}

export default defineConfig(({ command }) => ({
  plugins: [react(), compressedCopies()],
  // Django serves the built files at /static/ and index.html for every address that is not the API's
  base: command === "build" ? "/static/" : "/",
  build: {
    outDir: "dist",
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1250, // Plotly, loaded on demand
  },
  server: {
    port: Number(process.env.PORT ?? 5173),
    proxy: Object.fromEntries(
      ["/api", "/admin", "/static", "/healthz", "/readyz"].map((path) => [path, backend]),
    ),
  },
  test: {
    environment: "jsdom",
    setupFiles: ["src/testing.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    testTimeout: 20_000,
    restoreMocks: true,
    unstubGlobals: true,
    // one jsdom for all files: making one takes longer than all tests of a file
    isolate: false,
    css: false,
  },
}));
