import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * Puts the script and the stylesheet into index.html, so that the page is one file: the server sends it with their hashes
 * in its content security policy, and an exported trace is the same file with its data filled in.
 */
function oneFile(): Plugin {
  return {
    name: "one-file",
    apply: "build",
    enforce: "post",
    generateBundle(_options, bundle) {
      const html = bundle["index.html"];
      if (html?.type !== "asset") return;
      let text = String(html.source);
      for (const [name, file] of Object.entries(bundle)) {
        if (file.type === "chunk") {
          // Neither may stand inside an inline script: they would end it, or change how it is read.
          const code = file.code.replace(/<\/script/gi, "<\\/script").replace(/<!--/g, "<\\!--");
          text = text.replace(/<script[^>]*\bsrc="[^"]*"[^>]*><\/script>/, "");
          text = text.replace("</body>", () => `<script type="module">${code}</script>\n  </body>`);
          delete bundle[name];
        } else if (name.endsWith(".css")) {
          text = text.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${String(file.source)}</style>`);
          delete bundle[name];
        }
      }
      html.source = text;
    },
  };
}

export default defineConfig({
  plugins: [svelte(), oneFile()],
  base: "./",
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rollupOptions: { output: { codeSplitting: false } },
  },
  // While the page is worked on: `wirescope serve --port 8765`, then `npm run dev`. The server takes requests of its own page only.
  server: {
    proxy: {
      "/api": {
        target: process.env["WIRESCOPE_URL"] ?? "http://127.0.0.1:8765",
        changeOrigin: true,
        configure: (proxy) => proxy.on("proxyReq", (request) => ["origin", "sec-fetch-site"].forEach((name) => request.removeHeader(name))),
      },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"] },
});
