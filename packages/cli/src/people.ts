/**
 * Commands that work with a running house: questions, agents, lineage.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { Ask } from './ask.ts'
import type { Hand } from './hand.ts'
import { Stopped } from './stopped.ts'

interface QuestionLine {
  readonly id: string
  readonly state: string
  readonly sentence: string
  readonly agent: string
  readonly environment: string
  readonly risk: number
  readonly groups: readonly string[]
  readonly secondsLeft: number
  readonly url: string
}

export async function inbox(hand: Hand, ask: Ask, json: boolean): Promise<void> {
  const { items } = await ask<{ items: QuestionLine[] }>('GET', '/approvals')
  if (json) return hand.say(JSON.stringify(items, undefined, 2))
  if (items.length === 0) return hand.say('Nothing waits.')
  for (const item of items) {
    hand.say(
      `${plain(item.sentence)}\n  ${item.agent} in ${plain(item.environment)}, risk ${item.risk}, ${left(item.secondsLeft)}, asks ${item.groups.join(', ')}\n  ${item.url}`,
    )
  }
}

export interface Wanted {
  readonly id: string
  readonly wanted: 'approve' | 'reject'
  readonly json: boolean
  /** Default: until the question expires. */
  readonly waitSeconds: number | undefined
}

/** A machine never signs (P4): this opens the browser step for the question, and waits for what comes of it. */
export async function answerInBrowser(hand: Hand, ask: Ask, { id, wanted, json, waitSeconds }: Wanted): Promise<void> {
  const read = () => ask<QuestionLine>('GET', `/approvals/${encodeURIComponent(id)}`)
  const question = await read()
  if (question.state !== 'open') throw new Stopped(3, `This question is ${question.state}.`)
  hand.mutter(`To ${wanted}, sign in and answer here, ${left(question.secondsLeft)}:\n  ${question.url}\n`)
  openPage(hand, question.url)

  const now = await answered(hand, read, waitSeconds)
  hand.say(json ? JSON.stringify({ id, state: now.state, url: now.url }) : `${now.sentence}: ${now.state}`)
  if (now.state === 'open') throw new Stopped(4, `Still waiting, ${left(now.secondsLeft)}: ${now.url}`)
  const reached = wanted === 'reject' ? now.state === 'rejected' : now.state === 'granted' || now.state === 'spent'
  if (!reached) throw new Stopped(3, '')
}

async function answered(hand: Hand, read: () => Promise<QuestionLine>, waitSeconds = Number.POSITIVE_INFINITY) {
  const { lookEveryMs = 1_000 } = hand
  let now = await read()
  for (let waitedMs = 0; now.state === 'open' && waitedMs < waitSeconds * 1_000; waitedMs += lookEveryMs) {
    if (hand.watched) hand.mutter(`\r  waiting, ${left(now.secondsLeft)}   `)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    now = await read()
  }
  if (hand.watched) hand.mutter('\n')
  return now
}

export interface AgentOptions {
  readonly owner: string
  readonly team: string
  readonly groups?: string
  readonly environment?: string
  readonly observe?: boolean
}

interface AgentLine {
  readonly id: string
  readonly status: string
  readonly team: string
  readonly environment: string
  readonly owner: string
}

export async function agentsList(hand: Hand, ask: Ask, json: boolean): Promise<void> {
  const { items } = await ask<{ items: AgentLine[] }>('GET', '/agents')
  if (json) return hand.say(JSON.stringify(items, undefined, 2))
  for (const agent of items)
    hand.say(`${agent.id}  ${agent.status}  team ${agent.team}  ${agent.environment}  owner ${agent.owner}`)
  if (items.length === 0) hand.say('No agents yet: countersign agents add <id> --owner <email> --team <group>')
}

export async function agentsAdd(hand: Hand, ask: Ask, id: string, options: AgentOptions, json: boolean): Promise<void> {
  const { owner, team, groups, environment, observe } = options
  const { key } = await ask<{ key: string }>('POST', '/agents', {
    id,
    owner,
    team,
    groups: groups?.split(',') ?? [],
    ...(environment !== undefined && { environment }),
    ...(observe && { mode: 'observe' }),
  })
  hand.say(json ? JSON.stringify({ id, key }) : `${id} is registered. Its key, shown this once:\n\n  ${key}\n`)
}

export async function agentsRotate(hand: Hand, ask: Ask, id: string, json: boolean): Promise<void> {
  const { key } = await ask<{ key: string }>('POST', `/agents/${encodeURIComponent(id)}/keys`, {})
  hand.say(
    json ? JSON.stringify({ id, key }) : `A new key, shown this once; the old ones work for another day:\n\n  ${key}\n`,
  )
}

export async function stopAgents(hand: Hand, ask: Ask, id: string, json: boolean): Promise<void> {
  const { items } = await ask<{ items: AgentLine[] }>('POST', `/agents/${encodeURIComponent(id)}/stop`, {})
  hand.say(
    json
      ? JSON.stringify(items)
      : `Stopped: ${items.map((agent) => agent.id).join(', ')}. Starting again takes a person in the console.`,
  )
}

interface FlowLine {
  readonly at: number
  readonly agent: string
  readonly from: { readonly name: string }
  readonly to: { readonly name: string }
  readonly how: string
  readonly rows?: number
  readonly approvers: readonly string[]
  readonly policies: readonly string[]
}

interface Flowed {
  readonly items: readonly FlowLine[]
  readonly before: number
  readonly after: number
}

export async function lineage(hand: Hand, ask: Ask, kind: string, name: string, json: boolean): Promise<void> {
  const found = await ask<Flowed>('GET', `/lineage?${new URLSearchParams({ [kind]: name }).toString()}`)
  const { items, before, after } = found
  if (json) return hand.say(JSON.stringify(found, undefined, 2))
  if (items.length === 0) return hand.say(`Nothing has flowed through ${plain(name)}.`)
  for (const { at, agent, from, to, how, rows, approvers, policies } of items) {
    const many = rows === undefined ? '' : `, ${rows.toLocaleString('en')} rows`
    const signed = approvers.length > 0 ? `countersigned by ${approvers.join(' and ')}` : allowedBy(policies)
    hand.say(
      `${new Date(at).toISOString()}  ${plain(from.name)} → ${plain(to.name)} (${how}${many}) by ${agent}, ${signed}`,
    )
  }
  hand.say(`${before} before it, ${after} after it; the picture is in the console.`)
}

const allowedBy = (policies: readonly string[]) =>
  policies.length > 0 ? `allowed by ${policies.join(', ')}` : 'allowed by policy'

/** What agents and gateways wrote must not move the cursor, hide a line or turn the words around. */
const plain = (text: string) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')

const left = (seconds: number) => (seconds >= 60 ? `${Math.ceil(seconds / 60)} min left` : `${seconds} s left`)

function openPage(hand: Hand, url: string): void {
  if (!hand.watched) return
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .once('error', () => undefined) // the address stands on the terminal
    .unref()
}
