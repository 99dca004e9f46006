/**
 * The channels that are configured: each hears of questions by letters, and what its provider calls is answered here.
 *
 * @module
 */
import type { ChannelContext, Concerns, Desk, Follower, LogLine, Running, Store } from '@countersign/core'
import type { Prepared } from '../config/prepare.ts'
import type { Duty, RunningDuty } from '../duties/duty.ts'
import { deliverLetters } from './letters.ts'
import { openAll } from '../opened.ts'
import { type Receiver, receiving } from './pressed.ts'
import { enqueuing, type NamedChannel } from './recipients.ts'

export interface ChannelsParts {
  readonly store: Store
  readonly desk: Desk
  readonly publicUrl: string
  readonly configured: Prepared['channels']
  readonly context: ChannelContext
  readonly concerns: Concerns
  /** By path: who answers there. */
  readonly receivers: Map<string, Receiver>
  follow(follower: Follower): Promise<void>
  onDuty(duty: Duty): Promise<RunningDuty>
  log(line: LogLine): void
}

export async function openChannels(parts: ChannelsParts): Promise<Running> {
  const { store, configured, context, receivers } = parts
  const opened = openAll()
  try {
    const channels: NamedChannel[] = []
    for (const { name, part, section } of configured)
      channels.push({ name, channel: await opened.add(part.start(section, context)) })
    if (channels.length === 0) return opened

    let duty: RunningDuty | undefined
    const put = () => void duty?.now()
    const letters = await opened.add(deliverLetters({ ...parts, channels, again: put }))
    duty = await parts.onDuty(letters.duty)
    for (const named of channels) {
      await parts.follow({ name: `channel:${named.name}`, ...enqueuing(named, { store, put }) })
      if (named.channel.receive) receivers.set(`/channels/${named.name}`, receiving(named, parts))
    }
    return opened
  } catch (error) {
    await opened.close()
    throw error
  }
}
