/**
 * One transaction on one connection. What is asked in the same turn travels together, the beginning with the first of it
 * and the commit with the last.
 *
 * @module
 */
import { CountersignError } from '@countersign/core'
import type pg from 'pg'
import { type Answer, type Asked, askTogether, type BundleParts } from './bundle.ts'
import type { Row, Session, Statement } from './asking.ts'
import type { Value } from './values.ts'

export interface Transaction extends Session {
  /** @throws the first failure of the transaction: the others only say that it is over */
  commit(): Promise<void>
  /** Of one that failed; it MUST NOT be asked anything after it. */
  rollback(): Promise<void>
}

interface Waiting extends Asked {
  resolve(answer: Answer): void
  reject(error: unknown): void
}

export function openTransaction(client: pg.ClientBase, parts: BundleParts): Transaction {
  const waiting: Waiting[] = []
  let travelling: Promise<void> | undefined
  let failure: { readonly cause: unknown } | undefined
  send(begin)
  send(endIfSilent)

  return {
    async query<Found extends Row>(statement: Statement, values?: readonly Value[]) {
      return (await ask(statement, values)).rows as Found[]
    },
    send,
    copy: (statement, rows) => void waiting.push({ statement, values: [], rows, ...nobody }),
    async commit() {
      const { command } = await ask(commit)
      if (command !== 'COMMIT') throw new CountersignError('ERR_STORE_UNAVAILABLE', { command })
    },
    async rollback() {
      await travelling
      await client.query('rollback')
    },
  }

  function send(statement: Statement, values: readonly Value[] = []): void {
    waiting.push({ statement, values, ...nobody })
  }

  function ask(statement: Statement, values: readonly Value[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      waiting.push({ statement, values, resolve, reject })
      travelling ??= travel()
    })
  }

  async function travel(): Promise<void> {
    await Promise.resolve() // whatever else is asked in this turn
    while (waiting.length > 0) {
      const together = waiting.splice(0)
      try {
        if (failure) throw failure.cause
        const answers = await askTogether(client, together, parts)
        for (const [place, { resolve }] of together.entries()) resolve(answers[place] as Answer)
      } catch (cause) {
        failure ??= { cause }
        for (const { reject } of together) reject(failure.cause)
      }
    }
    travelling = undefined
  }
}

/** Waits for the answer. */
const nobody = { resolve: () => undefined, reject: () => undefined }

/**
 * A transaction holds the ledger's head. Of an instance that is cut off or stopped in the middle of one, nothing is heard,
 * not even that it is gone, so the server ends it: and the next one, which it may have begun as well, before the others'
 * queries give up.
 */
const silentMs = 1_500
const endIfSilent: Statement = {
  name: 'end_if_silent',
  text: `set local idle_in_transaction_session_timeout = ${silentMs}`,
}
const begin: Statement = { name: 'begin', text: 'begin isolation level read committed' }
const commit: Statement = { name: 'commit', text: 'commit' }
