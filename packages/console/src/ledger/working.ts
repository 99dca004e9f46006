import type { Told, Wish } from './messages.ts'

/** One worker for one wish; it ends with its last word. Returns how to end it before. */
export function ask(wish: Wish, tell: (told: Told) => void): () => void {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  worker.addEventListener('message', ({ data }: MessageEvent<Told>) => {
    tell(data)
    if (data.kind !== 'progress') worker.terminate()
  })
  worker.addEventListener('error', () => {
    tell({ kind: 'failed', says: 'The check could not be started in this browser.' })
    worker.terminate()
  })
  worker.postMessage(wish)
  return () => worker.terminate()
}
