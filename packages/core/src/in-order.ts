/** Work of one name: so many at once, the others in the order they came. Work of other names does not wait for it. */
export function inOrder(atOnce = 1): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const lines = new Map<string, Line>()

  return async (name, work) => {
    const line = lines.get(name) ?? { busy: 0, waiting: [] }
    lines.set(name, line)
    if (line.busy < atOnce) line.busy += 1
    else await new Promise<void>((mine) => line.waiting.push(mine))
    try {
      return await work()
    } finally {
      const next = line.waiting.shift()
      if (next) next() // the place is handed on, so that nobody who comes now is quicker
      else if ((line.busy -= 1) === 0) lines.delete(name)
    }
  }
}

interface Line {
  busy: number
  readonly waiting: (() => void)[]
}
