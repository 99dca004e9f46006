/**
 * Delivers what waits in the outbox: to each recipient in order, to all at the same time, so that one who cannot be reached
 * keeps nobody else waiting.
 *
 * A letter that cannot be delivered is tried again, ever later, for a day; then it is given up, stands on the page System,
 * and the next one goes on.
 *
 * @module
 */
import {
  type Concerns,
  CountersignError,
  type LogLine,
  type MessageRef,
  noticeOf,
  type QueuedLetter,
  type Running,
  type Store,
} from '@countersign/core'
import { type NamedChannel, recipientOf } from './recipients.ts'
import type { Duty } from '../duties/duty.ts'

export interface LettersParts {
  readonly store: Pick<Store, 'clock' | 'journal' | 'outbox' | 'people'>
  readonly channels: readonly NamedChannel[]
  readonly publicUrl: string
  readonly concerns: Concerns
  /** Called when a recipient has its letter, and the next one may wait already. */
  again(): void
  log(line: LogLine): void
  /** How long one delivery may take; then it has failed. Default: 30 s. */
  readonly withinMs?: number
}

/** How often the outbox is looked at for what is due again; what is put into it here is delivered at once. */
const lookEveryMs = 1_000
/** Letters under way at the same time, each to another recipient. */
const mostUnderWay = 32
/** One delivery may take so long; then it has failed, and its recipient is tried again like any that failed. */
const deliveredWithinMs = 30_000
/** The first pause after a failure; the next ones double. */
const soonestMs = 1_000
/** The pause between tries doubles up to this: who is back is told within five minutes. */
const slowestMs = 5 * 60_000
/** A letter that still cannot be delivered at this age is given up. */
const givenUpAfterMs = 24 * 3_600_000

export interface Letters extends Running {
  readonly duty: Duty
  /** Resolves once nothing is under way here. */
  settled(): Promise<void>
}

export function deliverLetters(parts: LettersParts): Letters {
  const { store, channels, publicUrl, concerns, again, log, withinMs = deliveredWithinMs } = parts
  const { clock, outbox } = store
  const byName = new Map(channels.map((each) => [each.name, each]))
  const underWay = new Map<string, Promise<void>>()
  /** By channel, the recipients that could not be reached at the last try. */
  const troubled = new Map<string, Set<string>>()
  let closing = false

  return {
    duty: { name: 'letters', everyMs: lookEveryMs, failing: 'Letters could not be looked for.', work },
    settled,
    async close() {
      closing = true
      await settled()
    },
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.all(underWay.values())
  }

  /** Waits for nobody: a recipient that takes its time is under way until it has it, and the others are looked after. */
  async function work(): Promise<void> {
    for (const letter of await outbox.due([...byName.keys()], 2 * mostUnderWay)) {
      const mailbox = JSON.stringify([letter.channel, letter.recipient])
      if (closing || underWay.size >= mostUnderWay || underWay.has(mailbox)) continue
      const delivering = deliver(letter).catch((error: unknown) => {
        log({ level: 'warn', says: 'A letter could not be looked after.', code: codeOf(error) })
        return false
      })
      const over = delivering.then((isSettled) => {
        underWay.delete(mailbox)
        if (isSettled && !closing) again()
      })
      underWay.set(mailbox, over)
    }
  }

  /** Whether it is settled, so that the next one can go. */
  async function deliver(letter: QueuedLetter): Promise<boolean> {
    const { channel: name } = letter
    try {
      const shown = await told(letter)
      reached(letter, true)
      if (shown === 'gone') await giveUp(letter, 'gone')
      else await outbox.delivered(letter, shown.message.slice(0, 500))
      return true
    } catch (error) {
      const code = codeOf(error)
      log({ level: 'warn', says: 'A letter could not be delivered.', channel: name, recipient: letter.recipient, code })
      reached(letter, false, code)
      const isOver = clock.now() - letter.queuedAt >= givenUpAfterMs
      if (isOver) await giveUp(letter, code)
      else await outbox.later(letter, code, Math.min(soonestMs * 2 ** letter.tries, slowestMs))
      return isOver
    }
  }

  /** Empty where there is nothing to show: it was erased, or is over before this recipient heard of it. */
  async function told(letter: QueuedLetter): Promise<MessageRef | 'gone'> {
    const named = byName.get(letter.channel)
    const [entry] = await store.journal.read(letter.entry, 1)
    if (!named || entry?.fact.kind !== 'approval.changed') return nothing
    const to = await recipientOf(letter, named, store.people)
    if (!to) return 'gone'
    const before = await outbox.message(letter)
    const { approval } = entry.fact
    if (to.kind === 'account' && before === undefined && approval.state !== 'open') return nothing
    return within(
      named.channel.deliver(noticeOf(approval, publicUrl), to, before === undefined ? undefined : { message: before }),
    )
  }

  async function within<Answer>(delivered: Promise<Answer>): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new CountersignError('ERR_UPSTREAM_LATE')), withinMs)
    })
    try {
      return await Promise.race([delivered, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async function giveUp(letter: QueuedLetter, code: string): Promise<void> {
    const { channel, recipient, approval } = letter
    log({ level: 'error', says: 'A letter was given up.', channel, recipient, approval, code })
    await outbox.giveUp(letter, code)
  }

  function reached({ channel, recipient }: QueuedLetter, isReached: boolean, code = ''): void {
    const those = troubled.get(channel) ?? new Set<string>()
    troubled.set(channel, those)
    if (isReached) those.delete(recipient)
    else if (those.size < mostTroubled) those.add(recipient)
    const key = `channel/${channel}`
    if (those.size === 0) concerns.clear(key)
    else if (!isReached)
      concerns.raise(key, `${those.size} of its recipients cannot be reached (${code}). It is tried again.`)
  }
}

/** Recipients remembered as out of reach, for each channel: beyond, they are only logged. */
const mostTroubled = 1_000

const nothing: MessageRef = { message: '' }

const codeOf = (error: unknown) => (error instanceof CountersignError ? error.code : 'ERR_INTERNAL')
