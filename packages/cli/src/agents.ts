/**
 * `countersign agents`: who may act here, and by which key.
 *
 * @module
 */
import type { ReadyLine } from '@countersign/schema'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'
import { inkOf, plain, printable } from './ink.ts'
import { Stopped } from './stopped.ts'

export interface AgentOptions {
  readonly owner: string
  readonly team: string
  readonly name?: string
  readonly groups?: string
  readonly environment?: string
  readonly observe?: boolean
}

export interface AgentChanges {
  readonly owner?: string
  readonly team?: string
  readonly name?: string
  readonly groups?: string
  readonly environment?: string
  /** Absent: as it is. */
  readonly observe?: boolean
}

interface AgentLine {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly team: string
  readonly groups: readonly string[]
  readonly environment: string
  readonly mode: string
  readonly owner: string
  /** The owner, by the name that people know. */
  readonly ownerName?: string
}

interface IssuedLines {
  readonly key: string
  readonly ready?: readonly ReadyLine[]
}

export async function agentsList(terminal: Terminal, ask: Ask, json: boolean): Promise<void> {
  const { items } = await ask<{ items: AgentLine[] }>('GET', '/agents')
  if (json) return terminal.say(printable(items))
  for (const agent of items) terminal.say(lineOf(terminal, agent))
  if (items.length === 0) terminal.say('No agents yet: countersign agents add <id> --owner <email> --team <group>')
}

export async function agentsAdd(
  terminal: Terminal,
  ask: Ask,
  id: string,
  options: AgentOptions,
  json: boolean,
): Promise<void> {
  const { owner, team, name, groups, environment, observe } = options
  const issued = await ask<IssuedLines>('POST', '/agents', {
    id,
    owner,
    team,
    groups: wordsOf(groups) ?? [],
    ...(name !== undefined && { name }),
    ...(environment !== undefined && { environment }),
    ...(observe && { mode: 'observe' }),
  })
  sayIssued(terminal, id, issued, `${id} is registered. Its key, shown this once:`, json)
}

export async function agentsRotate(terminal: Terminal, ask: Ask, id: string, json: boolean): Promise<void> {
  const issued = await ask<IssuedLines>('POST', `/agents/${encodeURIComponent(id)}/keys`, {})
  sayIssued(terminal, id, issued, 'A new key, shown this once; the old ones work for another day:', json)
}

function sayIssued(
  terminal: Terminal,
  id: string,
  { key, ready = [] }: IssuedLines,
  head: string,
  json: boolean,
): void {
  if (json) return terminal.say(printable({ id, key, ready }))
  const { bold, dim } = inkOf(terminal)
  terminal.say(`${head}\n\n  ${bold(plain(key))}\n`)
  for (const { client, where, text } of ready) {
    const lines = text.split('\n').map((line) => (line === '' ? '' : `  ${plain(line)}`))
    terminal.say(`${bold(plain(client))} ${dim(`(${plain(where)})`)}\n${lines.join('\n')}\n`)
  }
  if (ready.length === 1)
    terminal.say('No gateway is configured yet: add `gateways` to countersign.yaml, then start again.')
}

/** Ids are for good; the rest can be changed, by whoever may open the socket. */
export async function agentsSet(
  terminal: Terminal,
  ask: Ask,
  id: string,
  changes: AgentChanges,
  json: boolean,
): Promise<void> {
  const { owner, team, name, groups, environment, observe } = changes
  const what = {
    ...(owner !== undefined && { owner }),
    ...(team !== undefined && { team }),
    ...(name !== undefined && { name }),
    ...(groups !== undefined && { groups: wordsOf(groups) }),
    ...(environment !== undefined && { environment }),
    ...(observe !== undefined && { mode: observe ? 'observe' : 'enforce' }),
  }
  if (Object.keys(what).length === 0) {
    throw new Stopped(
      2,
      'Say what to change: --name, --owner, --team, --groups, --environment, --observe or --enforce.',
    )
  }
  const agent = await ask<AgentLine>('POST', `/agents/${encodeURIComponent(id)}/change`, what)
  terminal.say(json ? printable(agent) : `Changed. ${lineOf(terminal, agent)}`)
}

export async function agentsRetire(terminal: Terminal, ask: Ask, id: string, json: boolean): Promise<void> {
  const agent = await ask<AgentLine>('POST', `/agents/${encodeURIComponent(id)}/retire`, {})
  terminal.say(
    json ? printable(agent) : `Retired: ${plain(agent.id)}. Its keys prove nobody any more, and its id stays taken.`,
  )
}

export async function stopAgents(terminal: Terminal, ask: Ask, id: string, json: boolean): Promise<void> {
  const { items } = await ask<{ items: AgentLine[] }>('POST', `/agents/${encodeURIComponent(id)}/stop`, {})
  if (json) return terminal.say(printable(items))
  const stopped = items.map((agent) => plain(agent.id)).join(', ')
  terminal.say(
    items.length === 0
      ? 'There is no agent to stop.'
      : `Stopped: ${stopped}. Starting again takes a person in the console.`,
  )
}

function lineOf(terminal: Terminal, agent: AgentLine): string {
  const { bold, green, red, yellow } = inkOf(terminal)
  const { id, name, status, team, groups, environment, mode, owner, ownerName } = agent
  const paint = status === 'active' ? green : red
  return [
    bold(plain(id)),
    ...(name !== undefined && name !== id ? [plain(name)] : []),
    paint(plain(status)),
    ...(mode === 'observe' ? [yellow('only observed')] : []),
    `team ${plain(team)}`,
    ...(groups.length > 0 ? [`groups ${groups.map(plain).join(', ')}`] : []),
    plain(environment),
    `owner ${plain(ownerName ?? owner)}`,
  ].join('  ')
}

/** `a, b` and `a,b` are the same two names; an empty text is none. */
const wordsOf = (text: string | undefined) =>
  text
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
