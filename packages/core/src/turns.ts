/** Work of the same name, one after the other, in the order it came; of other names at the same time. */
export function createTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work)
    const over = mine
      .catch(() => undefined) // whoever asked for it hears of it
      .finally(() => {
        if (last.get(name) === over) last.delete(name)
      })
    last.set(name, over)
    return mine
  }
}
