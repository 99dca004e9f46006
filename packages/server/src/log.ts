import type { LogLine } from '@countersign/core'

/** One JSON object a line. `write` is where it goes, e.g. standard error. */
export const createLog =
  (write: (text: string) => void, now: () => Date = () => new Date()) =>
  (line: LogLine): void =>
    write(`${JSON.stringify({ at: now().toISOString(), ...line })}\n`)
