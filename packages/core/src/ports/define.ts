/**
 * Ties a part to its section of the configuration.
 *
 * @module
 */
import type { z } from 'zod'
import type { Lobby, OpenChannel } from './channel.ts'
import type { Running, Hall } from './door.ts'

interface Spec<Config, Inside, Outside> {
  readonly name: string
  readonly config: z.ZodType<Config>
  start(config: Config, inside: Inside): Promise<Outside>
}

const define =
  <Inside, Outside>() =>
  <Config>({ name, config, start }: Spec<Config, Inside, Outside>) => ({
    name,
    config,
    start: (section: unknown, inside: Inside) => start(config.parse(section), inside),
  })

/** Ties a gateway to its section of `countersign.yaml`. */
export const defineGateway = define<Hall, Running>()
/** Ties a channel to its section of `countersign.yaml`. */
export const defineChannel = define<Lobby, OpenChannel>()
