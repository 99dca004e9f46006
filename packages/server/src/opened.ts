import type { Running } from '@countersign/core'

/** Remembers what was opened, to close it in the reverse order. Closing one never keeps the others open. */
export function openAll(): {
  add<Part extends Running>(part: Part | Promise<Part>): Promise<Part>
  close(): Promise<void>
} {
  const parts: Running[] = []
  return {
    async add(starting) {
      const part = await starting
      parts.push(part)
      return part
    },
    async close() {
      const failures: unknown[] = []
      for (let part = parts.pop(); part; part = parts.pop()) {
        try {
          await part.close()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, 'Not everything closed.')
    },
  }
}
