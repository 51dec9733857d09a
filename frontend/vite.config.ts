import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The Django server that the dev server hands everything but the app itself to.
const backend = process.env.VADREVIEW_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  plugins: [react()],
  // Django serves the built files at /static/ and index.html for every address that is not the API's
  base: command === "build" ? "/static/" : "/",
  build: {
    outDir: "dist",
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
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
