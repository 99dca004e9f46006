/**
 * Commands about people: who there is, local people while no identity provider is connected, and ending sessions.
 *
 * @module
 */
import type { Account, AccountInput } from '@countersign/schema'
import type { Ask } from './ask.ts'
import type { Terminal } from './terminal.ts'
import { inkOf, plain, printable } from './ink.ts'

interface PersonLine {
  readonly id: string
  readonly subject: string
  readonly name: string
  readonly email?: string
  readonly groups: readonly string[]
  readonly groupsTrouble?: string
  readonly roles: readonly string[]
  readonly active: boolean
  readonly local: boolean
  readonly accounts?: readonly Account[]
}

export interface PersonOptions {
  readonly name?: string
  readonly email?: string
  readonly groups?: string
  readonly roles?: string
}

export async function peopleList(terminal: Terminal, ask: Ask, json: boolean): Promise<void> {
  const { items, local } = await ask<{ items: PersonLine[]; local: boolean }>('GET', '/people')
  if (json) return terminal.say(printable(items))
  const { bold } = inkOf(terminal)
  for (const person of items) {
    const { name, subject, email, groups, groupsTrouble, roles, active, accounts = [] } = person
    const marks = [...(person.local ? ['local'] : []), ...(active ? [] : ['switched off'])]
    const known = [email ?? subject, ...marks].map(plain).join(', ')
    const trouble = groupsTrouble === undefined ? '' : ` (could not be read: ${plain(groupsTrouble)})`
    const answersBy = accounts.map((account) => `${account.id} at ${account.provider}`)
    const linked = accounts.length > 0 ? `; answers by ${listed(answersBy)}` : ''
    terminal.say(
      `${bold(plain(name))}  ${known}\n  groups: ${listed(groups)}${trouble}; roles: ${listed(roles)}${linked}`,
    )
  }
  if (items.length > 0) return
  terminal.say(
    local
      ? `Nobody yet. Add someone: countersign people add ben --name "Ben" --groups <group>`
      : 'Nobody has signed in yet.',
  )
}

export async function peopleAdd(
  terminal: Terminal,
  ask: Ask,
  id: string,
  options: PersonOptions,
  json: boolean,
): Promise<void> {
  const { name, email, groups, roles } = options
  const { person, link } = await ask<{ person: PersonLine; link: string }>(
    'POST',
    `/people/${encodeURIComponent(id)}`,
    {
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
      groups: split(groups),
      roles: split(roles),
    },
  )
  if (json) return terminal.say(printable({ id: person.id, subject: person.subject, link }))
  const { bold, cyan } = inkOf(terminal)
  terminal.say(
    `${bold(plain(person.name))} can come in. This link signs one browser on this machine in as them, once, within a day:\n\n  ${cyan(plain(link))}\n\nOpen it in another browser or a private window to be someone else beside yourself.\nGroups: ${listed(person.groups)}; roles: ${listed(person.roles)}. All they sign says that it is local.`,
  )
}

export async function peopleRemove(terminal: Terminal, ask: Ask, id: string, json: boolean): Promise<void> {
  const person = await ask<PersonLine>('POST', `/people/${encodeURIComponent(id)}/remove`, {})
  terminal.say(json ? printable({ id: person.id }) : `${plain(person.name)} is signed out and cannot come in any more.`)
}

export async function peopleEndSessions(terminal: Terminal, ask: Ask, id: string, json: boolean): Promise<void> {
  const person = await ask<PersonLine>('POST', `/people/${encodeURIComponent(id)}/end-sessions`, {})
  terminal.say(
    json ? printable({ id: person.id }) : `${plain(person.name)} is signed out everywhere, and can sign in again.`,
  )
}

/** Links an account at a chat provider, or unlinks it. */
export async function peopleAccounts(
  terminal: Terminal,
  ask: Ask,
  id: string,
  input: AccountInput,
  json: boolean,
): Promise<void> {
  const person = await ask<PersonLine>('POST', `/people/${encodeURIComponent(id)}/accounts`, input)
  if (json) return terminal.say(printable({ id: person.id, accounts: person.accounts ?? [] }))
  const [account, name] = [`${plain(input.id)} at ${plain(input.provider)}`, plain(person.name)]
  terminal.say(
    input.change === 'link' ? `Whoever holds ${account} answers as ${name}.` : `${account} is not linked to ${name}.`,
  )
}

const split = (names: string | undefined) =>
  (names ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')

const listed = (names: readonly string[]) => names.map(plain).join(', ') || 'none'
