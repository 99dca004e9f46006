import type { Running } from '@countersign/core'

/**
 * Remembers what was opened, to close it in the reverse order. What is still opening then is waited for and closed as
 * well; closing one never keeps the others open.
 */
export function openAll(): {
  add<Part extends Running>(part: Part | Promise<Part>): Promise<Part>
  close(): Promise<void>
} {
  const parts: Running[] = []
  const opening = new Set<Promise<unknown>>()
  return {
    add(starting) {
      const added = Promise.resolve(starting).then((part) => {
        parts.push(part)
        return part
      })
      const over = added.then(
        () => void opening.delete(over),
        () => void opening.delete(over),
      )
      opening.add(over)
      return added
    },
    async close() {
      await Promise.all(opening)
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
