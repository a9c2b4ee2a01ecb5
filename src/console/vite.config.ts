// How the console is built and tested. `FLOWGATE_URL` says where the development server finds the API.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env["FLOWGATE_URL"] ?? "http://127.0.0.1:7878";

const proxy = { "/v1": { target: server, changeOrigin: false }, "/openapi.json": { target: server, changeOrigin: false }, "/metrics": { target: server, changeOrigin: false } };
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export default defineConfig({
  // Relative, so that the page works behind any prefix.
  base: "./",
  plugins: [react()],
  build: {
    target: "es2022",
    // The policy of the page allows images as data, nothing else; files stay files.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      output: {
        entryFileNames: "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  // The host stays as the browser sent it: the server compares it with the origin.
  // The designer reads the schema of flows and its templates from the repository: docs/ and flows/.
  server: { proxy, fs: { allow: ["../.."] } },
  // What is built, with the policy that the server sends with it: src/api/console.rs.
  preview: { proxy, headers: { "content-security-policy": policy } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], setupFiles: ["src/test-setup.ts"], css: false },
});
