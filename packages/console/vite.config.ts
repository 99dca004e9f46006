import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Workspace packages are read from their source, so that the console builds from a fresh checkout. */
const conditions = ['countersign-source', 'module', 'browser']

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { conditions },
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2023',
    // The pages' policy is `default-src 'self'`: nothing inline, no data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
