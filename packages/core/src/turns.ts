/**
 * Work of one name: so many at once, the others in the order they came. Work of other names does not wait for it. Once there
 * are others, as many are at work as `inCrowd` says, by default no fewer.
 */
export function createTurns(atOnce = 1, inCrowd = atOnce): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Line>()

  return async (name, work) => {
    const line = lines.get(name) ?? { busy: 0, waiting: [] }
    lines.set(name, line)
    if (line.busy < atOnce && line.waiting.length === 0) line.busy += 1
    else await new Promise<void>((mine) => line.waiting.push(mine))
    try {
      return await work()
    } finally {
      line.busy -= 1
      while (line.waiting.length > 0 && line.busy < inCrowd) {
        line.busy += 1 // the place is taken here, so that nobody who comes now is quicker
        line.waiting.shift()?.()
      }
      if (line.busy === 0) lines.delete(name)
    }
  }
}

interface Line {
  busy: number
  readonly waiting: (() => void)[]
}
