/**
 * Ties a part to its section of the configuration.
 *
 * @module
 */
import type { z } from 'zod'
import type { Lobby, OpenChannel } from './channel.ts'
import type { DoorPlace, Hall, Running } from './door.ts'

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

/** Ties a channel to its section of `countersign.yaml`. */
export const defineChannel = define<Lobby, OpenChannel>()

interface GatewaySpec<Config> extends Spec<Config, Hall, Running> {
  places(config: Config, publicUrl: string): readonly DoorPlace[]
}

/** Ties a gateway to its section of `countersign.yaml`. */
export const defineGateway = <Config>({ places, ...spec }: GatewaySpec<Config>) => ({
  ...define<Hall, Running>()(spec),
  places: (section: unknown, publicUrl: string) => places(spec.config.parse(section), publicUrl),
})
