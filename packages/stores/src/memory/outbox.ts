import type { Clock, DeadLetter, Letter, Outbox, QueuedLetter } from '@countersign/core'

interface Row {
  readonly letter: QueuedLetter
  readonly dueAt: number
  readonly settled?: { readonly at: number; readonly message?: string; readonly code?: string }
}

const keyOf = ({ channel, recipient, notice }: Letter) => JSON.stringify([channel, recipient, notice])
const mailboxOf = ({ channel, recipient }: Pick<Letter, 'channel' | 'recipient'>) =>
  JSON.stringify([channel, recipient])

/** What was settled is remembered so long, so that what is put again is not delivered again. */
const rememberedMs = 7 * 24 * 3_600_000
/** Letters that could not be delivered, as many as a person looks through; the newest. */
const mostDead = 20

export function createOutbox(clock: Clock): Outbox {
  const rows = new Map<string, Row>()
  const waiting = () => [...rows.values()].filter(({ settled }) => !settled)

  function settle(letter: Letter, how: { readonly message?: string; readonly code?: string }): void {
    const row = rows.get(keyOf(letter))
    if (row && !row.settled) rows.set(keyOf(letter), { ...row, settled: { at: clock.now(), ...how } })
  }

  return {
    async put(letters) {
      const now = clock.now()
      for (const [key, { settled }] of rows) if (settled && settled.at + rememberedMs <= now) rows.delete(key)
      for (const { channel, recipient, notice, approval, entry } of letters) {
        const letter = { channel, recipient, notice, approval, entry, tries: 0, queuedAt: now }
        if (!rows.has(keyOf(letter))) rows.set(keyOf(letter), { letter, dueAt: now })
      }
    },

    async due(channels, limit) {
      const first = new Map<string, Row>()
      for (const row of waiting()) {
        const before = first.get(mailboxOf(row.letter))
        if (!before || row.letter.entry < before.letter.entry) first.set(mailboxOf(row.letter), row)
      }
      return [...first.values()]
        .filter(({ letter, dueAt }) => channels.includes(letter.channel) && dueAt <= clock.now())
        .toSorted((one, other) => one.dueAt - other.dueAt)
        .slice(0, limit)
        .map(({ letter }) => letter)
    },

    delivered: async (letter, message) => settle(letter, { message }),
    giveUp: async (letter, code) => settle(letter, { code }),

    async later(letter, _code, afterMs) {
      const row = rows.get(keyOf(letter))
      if (!row || row.settled) return
      const tried = { ...row.letter, tries: row.letter.tries + 1 }
      rows.set(keyOf(letter), { letter: tried, dueAt: clock.now() + afterMs })
    },

    async message(to) {
      const told = [...rows.values()].filter(
        ({ letter, settled }) =>
          mailboxOf(letter) === mailboxOf(to) && letter.approval === to.approval && Boolean(settled?.message),
      )
      return told.toSorted((one, other) => other.letter.entry - one.letter.entry)[0]?.settled?.message
    },

    async state() {
      const dead = [...rows.values()].flatMap(({ letter, settled }): DeadLetter[] => {
        if (settled?.code === undefined) return []
        const { tries: _tries, queuedAt: _queuedAt, ...rest } = letter
        return [{ ...rest, code: settled.code, diedAt: settled.at }]
      })
      const newest = dead.toSorted((one, other) => other.diedAt - one.diedAt).slice(0, mostDead)
      return { waiting: waiting().length, dead: newest }
    },
  }
}
