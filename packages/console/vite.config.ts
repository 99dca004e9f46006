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
    rolldownOptions: {
      input: { index: 'index.html', 'service-worker': 'src/shell/service-worker.ts' },
      // Its place says which pages it speaks for, and its name has to stay.
      output: { entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js') },
    },
  },
})
