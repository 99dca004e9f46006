/**
 * So many of one name in each turn of the event loop, the others in the order they came: what a crowd asks for at once is
 * read in small parts, and whoever else is served here is served in between.
 */
export function createPace(perTurn: number): (name: string) => Promise<void> {
  const lines = new Map<string, Line>()

  function turn(name: string, line: Line): void {
    const next = line.waiting.splice(0, perTurn)
    line.gone = next.length
    if (next.length === 0) lines.delete(name)
    else setImmediate(turn, name, line)
    for (const go of next) go()
  }

  return async (name) => {
    let line = lines.get(name)
    if (!line) {
      line = { gone: 0, waiting: [] }
      lines.set(name, line)
      setImmediate(turn, name, line)
    }
    if (line.gone < perTurn) line.gone += 1
    else await new Promise<void>((go) => line.waiting.push(go))
  }
}

interface Line {
  /** In this turn. */
  gone: number
  readonly waiting: (() => void)[]
}
