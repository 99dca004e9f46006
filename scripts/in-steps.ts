export interface Step {
  readonly what: string
  /** Resolves to an exit code. */
  run(): number
}

/** Says what begins before it begins, and how long it took; the first step that fails is the last. */
export function inSteps(steps: readonly Step[], write: (text: string) => void): number {
  for (const { what, run } of steps) {
    const startedAt = performance.now()
    write(`  ${what} …`)
    const code = run()
    write(` ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
    if (code !== 0) return code
  }
  return 0
}
