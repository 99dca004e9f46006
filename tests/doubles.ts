/**
 * Two parts that stand for kinds of parts: a chat that proves whose account pressed a button, and a hook in somebody else's
 * agent, which runs itself what it is allowed to.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  type Channel,
  CountersignError,
  defineGateway,
  type HandedPermit,
  type Notice,
  type Recipient,
} from '@countersign/core'
import { type Obligation, type Refusal, Reported, Verb } from '@countersign/schema'
import { z } from 'zod'

export const provider = 'chat:T1'
const secret = 'what the provider signs with'
export const signatureOf = (body: string) => createHmac('sha256', secret).update(body).digest('hex')

const Callback = z.strictObject({
  team: z.string(),
  user: z.string(),
  approval: z.string(),
  verdict: z.enum(['approve', 'reject']),
  shown: z.string(),
  reason: z.string().optional(),
})

export interface Shown {
  readonly to: string
  readonly notice: Notice
  readonly before: string | undefined
}

/** A chat whose accounts are at `chat:T1`, and which shows everything in `#approvals` as well. */
export function createChat(proves: 'account' | 'nothing' = 'account') {
  const shown: Shown[] = []
  /** Names of places and accounts that cannot be reached, are there no more, or never answer. */
  const [dead, gone, silent] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const held: (() => void)[] = []
  const nameOf = (to: Recipient) => (to.kind === 'place' ? to.name : to.account.id)
  const part: Channel = {
    name: 'chat',
    async start() {
      return {
        proves,
        provider,
        places: ['#approvals'],
        async deliver(notice, to, before) {
          const name = nameOf(to)
          if (dead.has(name)) throw new CountersignError('ERR_UPSTREAM')
          if (gone.has(name)) return 'gone'
          if (silent.has(name)) await new Promise<void>((resolve) => void held.push(resolve))
          shown.push({ to: name, notice, before: before?.message })
          return before ?? { message: `message ${shown.length}` }
        },
        async receive(request) {
          const body = await request.text()
          const given = Buffer.from(request.headers.get('x-chat-signature') ?? '')
          const wanted = Buffer.from(signatureOf(body))
          if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
            return { response: new Response('Who are you?', { status: 401 }) }
          const { team, user, reason, ...pressed } = Callback.parse(JSON.parse(body))
          const headers = { 'x-chat-signature': given.toString() }
          return {
            response: Response.json({ ok: true }),
            pressed: {
              ...pressed,
              account: { provider: `chat:${team}`, id: user },
              ...(reason !== undefined && { reason }),
              proof: { kind: 'callback', body, headers },
            },
          }
        },
        async close() {},
      }
    },
  }
  const release = () => {
    silent.clear()
    for (const answer of held.splice(0)) answer()
  }
  return { part, shown, dead, gone, silent, waiting: () => held.length, release }
}

const Wanted = z.strictObject({
  id: z.string().max(200),
  verb: Verb,
  command: z.string(),
  within: z.string().optional(),
})
export type Wanted = z.infer<typeof Wanted>

export type Told = { readonly permit: HandedPermit; readonly again?: true } | { readonly refused: Refusal }

/** `POST /hook` asks, `POST /hook/<permit>` reports; both with a bearer key. It can enforce what it is told that it can. */
export function createHook(enforces: (obligation: Obligation) => boolean) {
  return defineGateway({
    name: 'hook',
    config: z.strictObject({}),
    addresses: (_, publicUrl) => [{ name: 'hook', address: `${publicUrl}/hook`, mode: 'cooperating', observes: false }],
    async start(_, { gate, identify, mount, publicUrl }) {
      mount('/hook', async (request, response) => {
        const [, token = ''] = (request.headers.authorization ?? '').split(' ')
        const at = { resource: `${publicUrl}/hook`, source: undefined }
        const caller = await identify({ kind: 'bearer', token }, at)
        const body = JSON.parse(await textOf(request)) as unknown
        const say = async (told: object) => void response.end(JSON.stringify(told))
        const permit = (request.url ?? '').slice('/hook/'.length)
        if (permit !== '') {
          await gate.report(permit, caller, Reported.parse(body))
          return say({ recorded: true })
        }
        const { id, verb, command, within } = Wanted.parse(body)
        await gate.pass({
          caller,
          action: {
            gateway: 'hook',
            mode: 'cooperating',
            verb,
            operation: 'hook.run',
            resources: [{ kind: 'host', name: 'laptop' }],
            parameters: { command },
            environment: 'dev',
          },
          context: {
            sentence: `Run ${command}`,
            effect: 'write',
            lineage: { reads: [], writes: [] },
            measures: {},
            purpose: undefined,
            attemptId: id,
            parent: within,
            session: 's',
            trace: undefined,
            client: 'hook',
            destructive: false,
            observed: false,
          },
          enforces,
          patienceMs: 0,
          signal: new AbortController().signal,
          grant: (handed) => say({ permit: handed }),
          granted: (handed) => say({ permit: handed, again: true }),
          refuse: (refused) => say({ refused }),
        })
        return undefined
      })
      return { close: async () => undefined }
    },
  })
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece as string
  return text
}
