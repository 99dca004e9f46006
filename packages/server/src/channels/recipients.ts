/**
 * Who is told of a change to a question in a channel.
 *
 * @module
 */
import {
  askedGroups,
  type Letter,
  type OpenChannel,
  type OpenFollower,
  type Recipient,
  type Store,
} from '@countersign/core'
import type { Approval, Entry, LinkedAccount } from '@countersign/schema'

/** A channel that is open, under the name of its section. */
export interface NamedChannel {
  readonly name: string
  readonly channel: OpenChannel
}

/** People asked who are told by accounts of their own; of a larger crowd the others have the places and the console. */
const mostPeople = 200

/** Puts letters into the outbox, and does nothing else: whoever cannot be reached keeps no follower waiting. */
export function enqueuing(
  { name, channel }: NamedChannel,
  { store, put }: { readonly store: Pick<Store, 'outbox' | 'people'>; put(): void },
): OpenFollower {
  return {
    from: 'head',
    async follow({ index, fact }: Entry) {
      if (fact.kind !== 'approval.changed') return
      const { approval } = fact
      const recipients = [
        ...channel.places.map((place) => `place:${place}`),
        ...(await peopleAsked(approval)).map((person) => `person:${person}`),
      ]
      const about = { channel: name, notice: `${approval.id}.${approval.version}`, approval: approval.id, entry: index }
      await store.outbox.put(recipients.map((recipient): Letter => ({ ...about, recipient })))
      put()
    },
  }

  async function peopleAsked(approval: Approval): Promise<string[]> {
    const { provider } = channel
    if (provider === undefined) return []
    const people = await store.people.inGroups(askedGroups(approval), mostPeople)
    return people
      .filter(({ active, accounts = [] }) => active && accounts.some(speaksFor(provider)))
      .map(({ id }) => id)
  }
}

/** Undefined where there is nobody any more: the account was unlinked, or the person has left. */
export async function recipientOf(
  { recipient }: Pick<Letter, 'recipient'>,
  { channel }: Pick<NamedChannel, 'channel'>,
  people: Store['people'],
): Promise<Recipient | undefined> {
  const [kind, name] = [recipient.slice(0, recipient.indexOf(':')), recipient.slice(recipient.indexOf(':') + 1)]
  if (kind === 'place') return channel.places.includes(name) ? { kind: 'place', name } : undefined
  const person = await people.get(name)
  const account = person?.active && person.accounts?.find(speaksFor(channel.provider))
  return account ? { kind: 'account', account: { provider: account.provider, id: account.id } } : undefined
}

/** One that nobody confirmed may be anybody's: what is asked is not for them to read. */
const speaksFor =
  (provider: string | undefined) =>
  ({ provider: its, confirmedAt }: LinkedAccount): boolean =>
    its === provider && confirmedAt !== undefined
