/**
 * Commands that ask a running instance: what waits, and where data went.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'
import { inkOf, plain, printable } from './ink.ts'
import { Stopped } from './stopped.ts'

interface ApprovalLine {
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

export async function inbox(terminal: Terminal, ask: Ask, json: boolean): Promise<void> {
  const { items } = await ask<{ items: ApprovalLine[] }>('GET', '/approvals')
  if (json) return terminal.say(printable(items))
  if (items.length === 0) return terminal.say('Nothing waits.')
  const { bold, cyan } = inkOf(terminal)
  for (const { sentence, agent, environment, risk, secondsLeft, groups, url } of items) {
    const where = `${plain(agent)} in ${plain(environment)}`
    terminal.say(
      `${bold(plain(sentence))}\n  ${where}, ${riskOf(terminal, risk)}, ${left(secondsLeft)}, asks ${groups.map(plain).join(', ')}\n  ${cyan(plain(url))}`,
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

/** A machine never approves (P4): this opens the browser step for the question, and waits for what comes of it. */
export async function answerInBrowser(
  terminal: Terminal,
  ask: Ask,
  { id, wanted, json, waitSeconds }: Wanted,
): Promise<void> {
  const read = () => ask<ApprovalLine>('GET', `/approvals/${encodeURIComponent(id)}`)
  const question = await read()
  if (question.state !== 'open') throw new Stopped(3, `This question is ${saidOf(question.state)}.`)
  terminal.mutter(
    `${plain(question.sentence)}\nTo ${wanted}, sign in and answer here, ${left(question.secondsLeft)}:\n  ${plain(question.url)}\n`,
  )
  openPage(terminal, question.url)

  const now = await answered(terminal, read, waitSeconds)
  terminal.say(
    json
      ? printable({ id, state: now.state, url: now.url })
      : `${plain(now.sentence)}: ${stateOf(terminal, now.state)}`,
  )
  if (now.state === 'open') throw new Stopped(4, `Still waiting, ${left(now.secondsLeft)}: ${now.url}`)
  const reached = wanted === 'reject' ? now.state === 'rejected' : now.state === 'granted' || now.state === 'spent'
  if (!reached) throw new Stopped(3, '')
}

/** How often a wait in the terminal looks whether a question was answered. */
const oftenMs = 1_000

async function answered(terminal: Terminal, read: () => Promise<ApprovalLine>, waitSeconds = Number.POSITIVE_INFINITY) {
  const { lookEveryMs = oftenMs } = terminal
  let now = await read()
  for (let waitedMs = 0; now.state === 'open' && waitedMs < waitSeconds * 1_000; waitedMs += lookEveryMs) {
    if (terminal.watched) terminal.mutter(`\r  waiting, ${left(now.secondsLeft)}   `)
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    now = await read()
  }
  if (terminal.watched) terminal.mutter('\n')
  return now
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

export async function lineage(terminal: Terminal, ask: Ask, kind: string, name: string, json: boolean): Promise<void> {
  const found = await ask<Flowed>('GET', `/lineage?${new URLSearchParams({ [kind]: name }).toString()}`)
  const { items, before, after } = found
  if (json) return terminal.say(printable(found))
  if (items.length === 0) return terminal.say(`Nothing has flowed through ${plain(name)}.`)
  for (const { at, agent, from, to, how, rows, approvers, policies } of items) {
    const many = rows === undefined ? '' : `, ${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`
    const permitted = approvers.length > 0 ? `approved by ${approvers.map(plain).join(' and ')}` : allowedBy(policies)
    terminal.say(
      `${new Date(at).toISOString()}  ${plain(from.name)} → ${plain(to.name)} (${plain(how)}${many}) by ${plain(agent)}, ${permitted}`,
    )
  }
  terminal.say(`${before} before it, ${after} after it; the graph is in the console.`)
}

const allowedBy = (policies: readonly string[]) =>
  policies.length > 0 ? `allowed by ${policies.map(plain).join(', ')}` : 'allowed by policy'

/** What people call a state; the words that programs read are the API's. */
const saidOf = (state: string) => (state === 'granted' || state === 'spent' ? 'approved' : plain(state))

function stateOf(terminal: Terminal, state: string): string {
  const { green, red, yellow } = inkOf(terminal)
  const paint = state === 'granted' || state === 'spent' ? green : state === 'open' ? yellow : red
  return paint(saidOf(state))
}

function riskOf(terminal: Terminal, risk: number): string {
  const { green, red, yellow } = inkOf(terminal)
  return (risk >= 70 ? red : risk >= 30 ? yellow : green)(`risk ${risk}`)
}

const left = (seconds: number) => (seconds >= 60 ? `${Math.ceil(seconds / 60)} min left` : `${seconds} s left`)

function openPage(terminal: Terminal, url: string): void {
  if (!terminal.watched) return
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .once('error', () => undefined) // the address stands on the terminal
    .unref()
}
