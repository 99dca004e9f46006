/**
 * Where a follower stands, written down behind it: the newest place, one write at a time and a moment apart, so that a
 * busy ledger does not cost a durable write per entry and follower. What was not written down yet when the process died
 * is handed out again.
 *
 * @module
 */

export interface Bookmark {
  /** Everything before `index` is dealt with. @throws what the last write failed with */
  reached(index: number): void
  /** Writes down what is not yet. */
  close(): Promise<void>
}

/** Between two writes of where a follower stands. After a crash so much is handed out again, which followers expect. */
const restMs = 250

export function createBookmark(write: (index: number) => Promise<void>): Bookmark {
  let newest: number | undefined
  let failure: { readonly error: unknown } | undefined
  let writing: Promise<void> | undefined
  let endRest = () => {}
  let closing = false

  return {
    reached(index) {
      if (failure) throw failure.error
      newest = index
      writing ??= writeOn()
    },
    async close() {
      closing = true
      endRest()
      await writing
      if (failure) throw failure.error
    },
  }

  async function writeOn(): Promise<void> {
    try {
      while (newest !== undefined) {
        const index = newest
        newest = undefined
        await write(index)
        if (!closing) await rest()
      }
    } catch (error) {
      failure = { error }
    } finally {
      writing = undefined
    }
  }

  function rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, restMs)
      endRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
