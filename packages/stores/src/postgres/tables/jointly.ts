/**
 * One look for all who ask at a time: whoever comes while a look is on its way joins the next one. So a crowd costs one
 * statement, one alone waits for nobody, and nobody is told of a time before they asked.
 *
 * @module
 */

type Look<Found> = (keys: readonly string[]) => Promise<ReadonlyMap<string, Found>>

export function jointly<Found>(look: Look<Found>): (key: string) => Promise<Found | undefined> {
  let next: { readonly keys: Set<string>; readonly found: Promise<ReadonlyMap<string, Found>> } | undefined
  let travelling: Promise<unknown> = Promise.resolve()

  return async (key) => {
    next ??= gather()
    next.keys.add(key)
    return (await next.found).get(key)
  }

  function gather() {
    const keys = new Set<string>()
    const found = travelling.then(() => {
      next = undefined
      return look([...keys])
    })
    travelling = found.catch(() => undefined)
    return { keys, found }
  }
}
