import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, loadEnv } from "vite";

export default defineConfig(({ mode }) => {
  const api = loadEnv(mode, ".", "API_")["API_ADDRESS"] ?? "http://127.0.0.1:4000";
  return {
    plugins: [svelte()],
    build: { target: "es2022", assetsInlineLimit: 0 },
    server: { proxy: { "/api": { target: api, ws: true } } },
  };
});
