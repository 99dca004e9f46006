/**
 * Looks a name up for many who ask at the same time: one look is under way and one is to come, which all who ask meanwhile
 * share. Nobody is told what was so before they asked.
 */
export function createSharedLook<T>(look: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>()
  const toCome = new Map<string, Promise<T>>()

  function begin(name: string): Promise<T> {
    const mine = look(name).finally(() => {
      if (underWay.get(name) === mine) underWay.delete(name)
    })
    underWay.set(name, mine)
    return mine
  }

  return (name) => {
    const before = underWay.get(name)
    if (!before) return begin(name)
    const known = toCome.get(name)
    if (known) return known
    const next = before
      .catch(() => undefined) // they asked by themselves, and hear of it
      .then(() => {
        toCome.delete(name)
        return begin(name)
      })
    toCome.set(name, next)
    return next
  }
}
