/**
 * What providers call: `/channels/<name>`. The channel says which account pressed what, and here it counts for the person whose
 * account that is, as far as a press can: never for more than `chat`.
 *
 * @module
 */
import {
  CountersignError,
  createCrowd,
  type Desk,
  isError,
  type LogLine,
  type Pressed,
  type Store,
} from '@countersign/core'
import { telling, toldOf } from '../http/problems.ts'
import { readAtMost } from '../http/request.ts'
import type { NamedChannel } from './recipients.ts'

export interface PressedParts {
  readonly store: Pick<Store, 'people'>
  readonly desk: Pick<Desk, 'get' | 'sign'>
  readonly publicUrl: string
  log(line: LogLine): void
}

/** Bytes of a callback. */
const mostBytes = 256 * 1024
/** Callbacks of a channel that are read or answered at once; one more is refused, and its provider sends it again. */
const mostAtOnce = 64

export type Receiver = (request: Request) => Promise<Response>

export function receiving({ name, channel }: NamedChannel, parts: PressedParts): Receiver {
  const { store, desk, publicUrl, log } = parts
  const crowd = createCrowd(mostAtOnce)

  return async (request) => {
    const leave = crowd.enter(name)
    if (!leave) throw new CountersignError('ERR_TOO_MANY')
    try {
      return await received(await bounded(request))
    } finally {
      leave()
    }
  }

  async function received(request: Request): Promise<Response> {
    if (channel.proves !== 'account' || !channel.receive) throw new CountersignError('ERR_NOT_FOUND')
    const { response, pressed } = await channel.receive(request)
    if (!pressed) return response
    const url = `${publicUrl}/approvals/${encodeURIComponent(pressed.approval)}`
    try {
      await count(pressed)
      return response
    } catch (error) {
      if (!(error instanceof CountersignError) || error.status >= 500) throw error
      log({ level: 'warn', says: 'A press counted for nothing.', channel: name, code: error.code })
      const says = `${error.message} ${isError(error, 'ERR_APPROVAL_UNKNOWN') ? '' : `The question: ${url}`}`.trim()
      if (channel.refused) return channel.refused(pressed, { code: error.code, says: toldOf(error) ?? says, url })
      throw toldOf(error) === undefined ? telling(error, says) : error
    }
  }

  /** The same press sent again counts once, and is no mistake: its provider did not hear the answer. */
  async function count({ approval: id, account, verdict, shown, reason, proof }: Pressed): Promise<void> {
    if (account.provider !== channel.provider) throw new CountersignError('ERR_ACCOUNT_UNKNOWN')
    const person = await store.people.byLinked(account.provider, account.id)
    const link = person?.accounts?.find((each) => each.provider === account.provider && each.id === account.id)
    if (!person || !link) throw new CountersignError('ERR_ACCOUNT_UNKNOWN')
    if (link.confirmedAt === undefined) throw new CountersignError('ERR_ACCOUNT_UNCONFIRMED')
    const { signatures, barred } = await desk.get(id)
    if (signatures.some((one) => one.person === person.id && one.verdict === verdict && one.channel === name)) return
    // Who says whose account it is could say that it is anybody's: what they have a part in, it does not sign (P3).
    const served = [...barred, ...signatures.map((one) => one.person)].filter((one) => one !== person.id)
    if (served.includes(link.linkedBy)) {
      const says =
        'This account was linked by somebody who has a part in this, so it cannot answer here. Answer in the console.'
      throw telling(new CountersignError('ERR_SELF_APPROVAL'), `${says} ${publicUrl}/approvals/${id}`)
    }
    const answer = { person: person.id, verdict, reason, assurance: 'chat', channel: name, shown, proof } as const
    await desk.sign(id, answer)
  }
}

/** A copy that is here in whole: no channel is kept waiting by whoever sends slowly, or without end. */
async function bounded(request: Request): Promise<Request> {
  const { url, method, headers, signal } = request
  if (method === 'GET' || method === 'HEAD') return request
  return new Request(url, { method, headers, signal, body: await readAtMost(request, mostBytes) })
}
