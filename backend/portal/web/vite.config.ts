import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  // Relative to the <base> of the page, so that the pages can be mounted anywhere.
  base: './',
  resolve: { dedupe: ['react', 'react-dom'] },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Inline pieces would need a looser Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
